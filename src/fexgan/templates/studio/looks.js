// The picture as it is shown: one request at a time, and after it the newest look; while a slider moves, a preview of
// it without details, which is made in half the time, and what it previews once the slider rests.

import { describe } from "./command.js";
import { at, tell } from "./page.js";
import { fetchedOpen, place, source } from "./server.js";
import { state } from "./state.js";

const LONG_MS = 600;  // what takes longer is told of
let stale = false, holding = false;  // whether a newer look is wanted; whether the picture is shown as it was

export async function show(moving = false) {
  describe();
  if (!state.picture) return;
  if (state.busy) { stale = true; return; }
  state.busy = true;
  const mine = state.picture, preview = moving && mine.details;
  const waiting = setTimeout(() => at("stage").classList.add("drawing"), LONG_MS);
  try {
    const made = await (await fetchedOpen(place("edit.jpg", preview ? { details: 0 } : {}))).blob();
    if (mine === state.picture) {
      const before = state.look;
      state.look = URL.createObjectURL(made);
      paint();
      await at("shown").decode().catch(() => {});
      if (before) URL.revokeObjectURL(before);
    }
  } catch (error) { tell(error); }
  clearTimeout(waiting);
  at("stage").classList.remove("drawing");
  state.busy = false;
  if (stale || preview) {
    const again = stale;
    stale = false;
    show(again && moving);
  }
}

// What is on the stage stays there until the first look of another picture arrives.
export function forgetLook() {
  URL.revokeObjectURL(state.look);
  state.look = "";
}

export function paint() {
  const open = holding ? source(state.picture) : state.look;
  const address = state.pointing ? state.pointing.address : open;
  if (address && at("shown").getAttribute("src") !== address) at("shown").src = address;
  at("badge").hidden = !holding || Boolean(state.pointing);
}

at("shown").addEventListener("load", () => {
  const { naturalWidth: width, naturalHeight: height } = at("shown");
  at("shown").classList.toggle("small", Math.max(width, height) < 512);
  at("shown").style.setProperty("--aspect", width / height);
});

// ---- held, it is shown as it was

function hold() {
  if (!state.picture || holding || state.pointing || state.camera) return;
  holding = true;
  paint();
}
function release() {
  if (!holding) return;
  holding = false;
  paint();
}
// A picture's address does not say why it fails: asked for once more, it is opened again or the reason told.
at("shown").addEventListener("error", () => {
  const { picture } = state;
  if (holding && !state.pointing) fetchedOpen(() => source(picture)).then(paint, tell);
});
at("shown").onpointerdown = (event) => { if (event.button === 0) hold(); };
at("shown").oncontextmenu = (event) => { if (holding) event.preventDefault(); };  // a finger that rests asks for it
for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, release);
const writes = (field) => /^(INPUT|TEXTAREA|SELECT)$/.test(field.tagName) && field.type !== "range";
const isO = (event) => event.key.toLowerCase() === "o" && !event.ctrlKey && !event.metaKey && !event.altKey;
addEventListener("keydown", (event) => { if (isO(event) && !writes(document.activeElement)) hold(); });
addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "o") release(); });
