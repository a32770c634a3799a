// Pointing at a face that is not found, or that the square is not around: the picture itself is shown, and three clicks
// tell where eyes and mouth are.

import { paint } from "./looks.js";
import { at, tell } from "./page.js";
import { state } from "./state.js";

const PARTS = ["the eye on the left", "the eye on the right", "the middle of the mouth"];

// `pointed` takes the three points as the server does.
export function point(file, name, pointed) {
  endPointing();
  state.pointing = { file, name, pointed, address: URL.createObjectURL(file), points: [] };
  setStage();
  at("stage").scrollIntoView({ block: "nearest", behavior: "instant" });  // no click on what moves
}

export function endPointing() {
  if (state.pointing) URL.revokeObjectURL(state.pointing.address);
  state.pointing = null;
  setStage();
}

// What the stage holds: the picture that is pointed at, else the one that is open, or nothing yet.
function setStage() {
  const { picture, pointing } = state;
  at("stage").classList.toggle("pointing", Boolean(pointing));
  at("guide").hidden = !pointing;
  at("boxes").hidden = Boolean(pointing);
  at("empty").hidden = Boolean(pointing || picture);
  at("frame").hidden = !(pointing || picture);
  for (const id of ["save", "sheet", "play"]) at(id).disabled = Boolean(pointing) || (!picture && id !== "play");
  if (pointing) {
    at("guide-text").textContent = [pointing.name, PARTS[pointing.points.length]].filter(Boolean).join(": click ");
    at("guide-end").textContent = picture ? `Back to ${picture.name}` : "Leave it";
  }
  at("points").replaceChildren(...(pointing ? pointing.points : []).map(([x, y]) => {
    const mark = document.createElement("span");
    mark.className = "point";
    mark.style.left = `${100 * x}%`;
    mark.style.top = `${100 * y}%`;
    return mark;
  }));
  paint();
}

at("shown").onclick = (event) => {
  const { pointing } = state;
  if (!pointing || !pointing.isShown || pointing.points.length === PARTS.length) return;
  const shown = at("shown").getBoundingClientRect();
  pointing.points.push([(event.clientX - shown.left) / shown.width, (event.clientY - shown.top) / shown.height]);
  at("error").hidden = true;
  setStage();
  if (pointing.points.length < PARTS.length) return;
  pointing.pointed(pixelsOf(pointing.points, at("shown").naturalWidth, at("shown").naturalHeight));
};

// The points as the server takes them: pixels whose centres are whole numbers, the eye that is left of the upright face
// first, in whatever order the two were clicked.
function pixelsOf(points, width, height) {
  const within = (fraction, side) => Math.min(Math.max(fraction * side - 0.5, 0), side - 1);
  let [left, right, mouth] = points.map(([x, y]) => [within(x, width), within(y, height)]);
  const eyes = [right[0] - left[0], right[1] - left[1]];
  const turn = eyes[0] * (2 * mouth[1] - left[1] - right[1]) - eyes[1] * (2 * mouth[0] - left[0] - right[0]);
  if (turn < 0) [left, right] = [right, left];
  return [left, right, mouth].map((one) => one.map((pixel) => Math.round(10 * pixel) / 10).join(",")).join(" ");
}

at("shown").onerror = () => {
  const { pointing } = state;
  if (!pointing) return;
  const why = "which the browser does not show; save it as PNG to point at it";
  tell(new Error(`no face is known in ${pointing.name}, ${why}`));
  endPointing();
};
at("shown").addEventListener("load", () => { if (state.pointing) state.pointing.isShown = true; });
at("guide-end").onclick = endPointing;
addEventListener("keydown", (event) => { if (event.key === "Escape" && state.pointing) endPointing(); });
