// Pointing at a face that is not found, or that the square is not around: the picture itself is shown, and three clicks
// tell where eyes and mouth are.

import { at, tell } from "./page.js";
import { setStage, tellOpened } from "./stage.js";
import { state } from "./state.js";

const PARTS = ["the eye on the left", "the eye on the right", "the middle of the mouth"];
const STEP_PX = 2, LARGE_STEP_PX = 20;  // of the page, that an arrow key moves the cross
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// `reason`: why somebody has to, or ""; `pointed` takes the three points as the server does.
export function point(file, name, reason, pointed) {
  endPointing();
  state.pointing = { file, name, reason, pointed, address: URL.createObjectURL(file), points: [], cross: null };
  at("error").hidden = true;
  setGuide();
  at("shown").focus({ preventScroll: true });
  at("stage").scrollIntoView({ block: "nearest", behavior: "instant" });  // no click on what moves
}

export function endPointing() {
  const wasThere = document.activeElement === at("shown") || document.activeElement === at("guide-end");
  if (state.pointing) URL.revokeObjectURL(state.pointing.address);
  state.pointing = null;
  setGuide();
  if (wasThere) at(state.picture ? "by-hand" : "choose").focus({ preventScroll: true });
}

function setGuide() {
  const { picture, pointing } = state;
  if (pointing) {
    const next = PARTS[pointing.points.length];
    const told = next ? [pointing.reason, `click ${next}`] : ["it is looked at ..."];
    at("guide-text").textContent = `${pointing.name}: ${told.filter(Boolean).join("; ")}`;
    at("guide-end").textContent = picture ? `Back to ${picture.name}` : "Leave it";
  }
  for (const [name, value] of Object.entries({ tabindex: 0, role: "application", "aria-describedby": "guide" })) {
    if (pointing) at("shown").setAttribute(name, value); else at("shown").removeAttribute(name);
  }
  at("shown").alt = pointing ? `${pointing.name}, to be pointed at` : "The picture with the expression asked for";
  drawMarks();
  setStage();
}

function drawMarks() {
  const { points, cross } = state.pointing || { points: [], cross: null };
  at("points").replaceChildren(...[...points, cross].filter(Boolean).map((place) => {
    const mark = document.createElement("span");
    mark.className = place === cross ? "cross" : "point";
    mark.style.left = `${100 * place[0]}%`;
    mark.style.top = `${100 * place[1]}%`;
    return mark;
  }));
}

// `place`: in fractions of the picture's width and height.
function take(place) {
  const { pointing } = state;
  if (!pointing.isShown || pointing.points.length === PARTS.length) return;
  pointing.points.push(place);
  at("error").hidden = true;
  if (pointing.points.length === PARTS.length) pointing.cross = null;
  setGuide();
  if (pointing.points.length < PARTS.length) return;
  pointing.pointed(pixelsOf(pointing.points, at("shown").naturalWidth, at("shown").naturalHeight));
}

at("shown").onclick = (event) => {
  if (!state.pointing) return;
  const shown = at("shown").getBoundingClientRect();
  state.pointing.cross = null;
  take([(event.clientX - shown.left) / shown.width, (event.clientY - shown.top) / shown.height]);
};

// By keys: the first of them shows the cross, arrows move it, Enter takes its place.
at("shown").onkeydown = (event) => {
  const { pointing } = state, way = WAYS[event.key];
  if (!pointing?.isShown || !(way || event.key === "Enter") || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (pointing.points.length === PARTS.length) return;
  const isNew = !pointing.cross, { width, height } = at("shown").getBoundingClientRect();
  const [x, y] = pointing.cross || [0.5, 0.5], step = event.shiftKey ? LARGE_STEP_PX : STEP_PX;
  const moved = (place, by, side) => Math.min(Math.max(place + by * step / side, 0), 1);
  pointing.cross = way ? [moved(x, way[0], width), moved(y, way[1], height)] : [x, y];
  if (way || isNew) drawMarks(); else take([x, y]);
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
at("shown").addEventListener("load", () => {
  if (!state.pointing) return;
  const { naturalWidth: width, naturalHeight: height } = at("shown");
  Object.assign(state.pointing, { isShown: true, width, height });
  tellOpened();
});
at("guide-end").onclick = endPointing;
addEventListener("keydown", (event) => { if (event.key === "Escape" && state.pointing && !state.camera) endPointing(); });
