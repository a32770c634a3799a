// Keyframes, and the clip that is made of them.

import { stem } from "./files.js";
import { mixtureText } from "./mixtures.js";
import { at, tell } from "./page.js";
import { fetched, place } from "./server.js";
import { state } from "./state.js";

at("add").onclick = () => {
  const before = at("keyframes").value.trim().replace(/,$/, "");
  const times = [...before.matchAll(/(?:^|,)\s*([\d.]+)\s*(ms|s|)\s/g)]
    .map(([, number, unit]) => unit === "ms" ? number / 1000 : Number(number));
  const next = times.length ? Math.round(100 * (Math.max(...times) + 0.8)) / 100 : 0;
  at("keyframes").value = [before, `${next}s ${mixtureText()}`].filter(Boolean).join(", ");
};

export function clearClip() {
  for (const id of ["clip", "clip-picture"]) {
    if (at(id).src) URL.revokeObjectURL(at(id).src);
    at(id).removeAttribute("src");
    at(id).hidden = true;
  }
  at("clip-save").hidden = true;
}

at("play").onclick = async () => {
  if (!state.picture) return tell(new Error("no picture is open; drop one, or take one below the stage"));
  const mine = state.picture;
  clearClip();
  const kind = at("kind").value, name = `${stem(mine.name)}.${kind}`;
  at("play").disabled = true;
  at("working").hidden = false;
  try {
    const answer = await fetched(place(`clip.${kind}`, { keyframes: at("keyframes").value.replace(/\s+/g, " ") }));
    const made = await answer.blob();
    if (mine === state.picture) {
      const player = at(kind === "mp4" ? "clip" : "clip-picture");
      player.src = at("clip-save").href = URL.createObjectURL(made);
      player.hidden = false;
      at("clip-save").download = name;
      at("clip-save").hidden = false;
    }
  } catch (error) { if (mine === state.picture) tell(error); }
  at("play").disabled = Boolean(state.pointing);
  at("working").hidden = true;
};
