// Keyframes, and the clip that is made of them.

import { describe } from "./command.js";
import { clipName, keyframes } from "./files.js";
import { mixtureText } from "./mixtures.js";
import { at, tell } from "./page.js";
import { startMaking } from "./progress.js";
import { fetchedOpen, place } from "./server.js";
import { state } from "./state.js";

at("add").onclick = () => {
  const before = at("keyframes").value.trim().replace(/,$/, "");
  const times = [...before.matchAll(/(?:^|,)\s*([\d.]+)\s*(ms|s|)\s/g)]
    .map(([, number, unit]) => unit === "ms" ? number / 1000 : Number(number));
  const next = times.length ? Math.round(100 * (Math.max(...times) + 0.8)) / 100 : 0;
  at("keyframes").value = [before, `${next}s ${mixtureText()}`].filter(Boolean).join(", ");
  describe();
};
at("keyframes").oninput = at("kind").onchange = describe;

let making = null;  // what gives up the clip that is being made

// Of another picture, or of faces that show something else, a clip is another one.
export function clearClip() {
  making?.abort();
  for (const id of ["clip", "clip-picture"]) {
    if (at(id).src) URL.revokeObjectURL(at(id).src);
    at(id).removeAttribute("src");
    at(id).hidden = true;
  }
  at("clip-save").hidden = true;
}

at("stop").onclick = () => making.abort();

at("play").onclick = async () => {
  if (!state.picture) return tell(new Error("no picture is open; drop one, or take one below the stage"));
  clearClip();
  const kind = at("kind").value;
  const { signal } = making = new AbortController();
  const asked = { keyframes: keyframes() };
  const endMaking = startMaking(place(`clip.${kind}/progress.json`, asked), signal);
  try {
    const made = await (await fetchedOpen(place(`clip.${kind}`, asked), { signal })).blob();
    signal.throwIfAborted();  // between the last byte and here
    const player = at(kind === "mp4" ? "clip" : "clip-picture");
    player.src = at("clip-save").href = URL.createObjectURL(made);
    player.hidden = false;
    at("clip-save").download = clipName();
    at("clip-save").hidden = false;
  } catch (error) { if (!signal.aborted) tell(error); }
  endMaking();
};
