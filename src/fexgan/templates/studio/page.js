// Parts of the page by their names, and the line that tells what went wrong.

export const at = (id) => document.getElementById(id);

const SHORTEST_MS = 7000, READ_MS = 80;  // how long a line stays: long enough to read each of its characters

let fading = 0;
export function tell(error) {
  at("error").textContent = error.message;
  at("error").hidden = false;
  fade();
}

function fade() {
  clearTimeout(fading);
  fading = setTimeout(() => { at("error").hidden = true; }, Math.max(SHORTEST_MS, READ_MS * at("error").textContent.length));
}

// Who points at the line reads it still, or copies the command in it.
at("error").onpointerenter = () => clearTimeout(fading);
at("error").onpointerleave = fade;
