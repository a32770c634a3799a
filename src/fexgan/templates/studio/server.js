// Talking to the server.

import { chosen, emotions, full, mixtureText } from "./mixtures.js";
import { state } from "./state.js";

export function asked(extra = {}) {
  const variants = emotions().filter((name) => chosen[name]).map(full).join(",");  // a sheet shows all emotions
  return new URLSearchParams({ mixture: mixtureText(), variants, face: state.face, ...extra });
}

export const place = (what, extra) => `api/pictures/${state.picture.key}/${what}?${asked(extra)}`;

export async function fetched(path, options) {
  const answer = await fetch(path, options).catch(() => {
    throw new Error("the studio does not answer; is fexgan serve still running?");
  });
  if (answer.ok) return answer;
  const why = "its terminal says why, and opening the picture again may help";
  const told = await answer.json().catch(() => ({ error: `the studio failed (${answer.status}); ${why}` }));
  throw Object.assign(new Error(told.error), { unplaced: Boolean(told.unplaced) });
}
