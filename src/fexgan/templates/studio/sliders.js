// Sliders, the box of mixtures, named expressions.

import { show } from "./looks.js";
import { chosen, emotions, mixtureText, parsed, strengths, strengthsOf, variantsOf } from "./mixtures.js";
import { at, tell } from "./page.js";
import { state } from "./state.js";

function set(values, variants = chosen, moving = false) {
  for (const name of emotions()) {
    strengths[name] = values[name] || 0;
    chosen[name] = variants[name] || "";
    at(`range-${name}`).value = strengths[name];
    at(`value-${name}`).textContent = at(`range-${name}`).ariaValueText = `${Math.round(100 * strengths[name])} %`;
    const select = at(`variant-${name}`);
    if (select) select.value = chosen[name];
  }
  at("mixture").value = mixtureText();
  at("error").hidden = true;
  show(moving);
}

// The sliders at what the face shows, which leaves it as it is.
let resting = "neutral";  // the mixture that they then stand for
export function asItShows(variants = chosen) {
  const { faces } = state.picture;
  const shown = faces.find((one) => one.number === state.face) || faces[0];
  set(strengthsOf(shown.shows), variants);
  resting = mixtureText();
}
export const areAsItShows = () => mixtureText() === resting;

at("mixture").onchange = async () => {
  const text = at("mixture").value, isMeant = () => at("mixture").value === text;  // no slider was moved since
  try {
    const asked = await parsed(text);
    if (isMeant()) set(...asked);
  } catch (error) { if (isMeant()) tell(error); }
};
at("reset").onclick = () => { if (state.picture) asItShows({}); else set({}, {}); };

export function addEmotion(name) {
  strengths[name] = 0;
  const row = document.createElement("div"), variants = variantsOf(name);
  row.className = "emotion";
  // What an output says is read aloud whenever it changes, without a name; the slider itself says it with one.
  row.innerHTML = `<label for="range-${name}">${name}</label>
    <input id="range-${name}" type="range" min="0" max="1" step="0.01" value="0" aria-valuetext="0 %">
    <output id="value-${name}" aria-hidden="true">0 %</output>
    <select id="variant-${name}" aria-label="Variant of ${name}"><option value="">usual</option></select>`;
  const [label, range, select] = ["label", "input", "select"].map((part) => row.querySelector(part));
  select.append(...variants.map((one) => new Option(one)));  // as text, for a stranger's checkpoint may have named them
  range.oninput = () => set({ ...strengths, [name]: Number(range.value) }, chosen, true);
  label.ondblclick = () => set({ ...strengths, [name]: 0 });
  select.onchange = () => set(strengths, { ...chosen, [name]: select.value });
  if (!variants.length) select.remove();
  at("emotions").append(row);
}

export function addExpression({ name, note, mixture, variants }) {
  const button = document.createElement("button");
  button.textContent = name.replace(/-/g, " ");
  button.title = note;
  button.onclick = () => set(mixture, variants);
  at("expressions").append(button);
}
