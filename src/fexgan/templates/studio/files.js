// What files are called, and how they are taken along.

import { mixtureText, variantsChosen } from "./mixtures.js";
import { at, tell } from "./page.js";
import { fetched } from "./fetched.js";
import { fetchedOpen, place } from "./server.js";
import { state } from "./state.js";

export const stem = (name) => name.replace(/\.[^.]*$/, "");
export const saved = () => `edited.${kindOf(state.picture)}`;
function kindOf(one) {
  const ending = (one ? one.name : "me.jpg").split(".").pop().toLowerCase();
  if (one && one.transparent && ending !== "webp") return "png";
  return ["png", "jpg", "jpeg", "webp"].includes(ending) ? ending : "png";
}

export const clipName = () => `${stem(state.picture ? state.picture.name : "me.jpg")}.${at("kind").value}`;
export const keyframes = () => at("keyframes").value.trim().replace(/\s+/g, " ");

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// Meanwhile the button says so, and takes no second click; disabled, it would lose the focus of who uses keys.
async function take(button, answer, name) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try { download(await (await answer()).blob(), name); } catch (error) { tell(error); }
  button.ariaBusy = "false";
}

const named = (ending) => state.picture ? `${stem(state.picture.name)}-${ending}` : ending;
at("save").onclick = () => take(at("save"), () => fetchedOpen(place(`save.${kindOf(state.picture)}`)), named(saved()));
at("sheet").onclick = () => take(at("sheet"), () => fetchedOpen(place("sheet.png")), named("sheet.png"));
at("units").onclick = () => {
  const asked = new URLSearchParams({ mixture: mixtureText() });
  return take(at("units"), () => fetched(`api/units.json?${asked}`), named("units.json"));
};
at("recording").onclick = () => {
  const asked = new URLSearchParams({ keyframes: keyframes(), variants: variantsChosen().join(",") });
  return take(at("recording"), () => fetched(`api/units.csv?${asked}`), named("units.csv"));
};
