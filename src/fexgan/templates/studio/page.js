// Parts of the page by their names, and the line that tells what went wrong.

export const at = (id) => document.getElementById(id);

let fading = 0;
export function tell(error) {
  at("error").textContent = error.message;
  at("error").hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { at("error").hidden = true; }, 7000);
}
