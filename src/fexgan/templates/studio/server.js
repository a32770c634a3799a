// What is asked of the server about the open picture. One that was started anew, or had to let the picture go, no longer
// has it open; the browser still holds its file, and opens it once more before anybody is told.

import { fetched } from "./fetched.js";
import { mixtureText, variantsChosen } from "./mixtures.js";
import { state } from "./state.js";

function asked(extra = {}) {
  const variants = variantsChosen().join(",");  // a sheet shows all emotions
  return new URLSearchParams({ mixture: mixtureText(), variants, face: state.face, ...extra });
}

// The address of what is asked now, under the key that the picture has by then.
export function place(what, extra) {
  const { picture } = state, query = asked(extra);
  return () => addressOf(picture, `/${what}?${query}`);
}
const addressOf = ({ key }, what) => `api/pictures/${key}${what}`;
export const source = (picture) => addressOf(picture, "/source.jpg");
// A POST to it opens the picture once more, told that `face` shows `source`.
export const showing = (picture, source, face) => addressOf(picture, `?${new URLSearchParams({ source, face })}`);

const reopenings = new WeakMap();  // picture -> what all that miss it at once wait for

// As `fetched`, of the open picture; `address`: a function, as `place` returns it.
export async function fetchedOpen(address, options) {
  const { picture } = state, { key } = picture;
  try {
    return await fetched(address(), options);
  } catch (error) {
    if (!error.isGone) throw error;
    if (picture.key === key) await reopenOnce(picture);
    return fetched(address(), options);
  }
}

function reopenOnce(picture) {
  if (!reopenings.has(picture)) reopenings.set(picture, reopen(picture).finally(() => reopenings.delete(picture)));
  return reopenings.get(picture);
}

// With what somebody said that its faces show.
async function reopen(picture) {
  let opened = await sent(picture.file, picture.name, picture.points);
  for (const [face, source] of Object.entries(picture.told).filter(([, source]) => source)) {
    opened = await (await fetched(showing(opened, source, face), { method: "POST" })).json();
  }
  picture.key = opened.key;
}

// The picture file opened: its key, its size, its faces; `points` say where its one face is, if somebody pointed at it.
export async function sent(file, name, points) {
  // Else the browser fails as if nobody answered.
  await file.slice(0, 1).arrayBuffer().catch(() => {
    throw new Error(`${name} cannot be read; give a picture file, no folder, and again where it has changed`);
  });
  const query = new URLSearchParams({ name, ...(points && { points }) });
  return (await fetched(`api/pictures?${query}`, { method: "POST", body: file })).json();
}
