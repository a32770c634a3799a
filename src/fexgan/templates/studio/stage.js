// What the stage holds: the live picture of the camera, else the picture that is pointed at, else the one that is open,
// or nothing yet. All that would tell of the open one, or change it, rests while another is there.

import { paint } from "./looks.js";
import { at } from "./page.js";
import { state } from "./state.js";

export function setStage() {
  const { picture, pointing, camera } = state, isOther = Boolean(pointing || camera);
  at("stage").classList.toggle("pointing", Boolean(pointing));
  at("viewfinder").hidden = !camera;
  at("guide").hidden = !pointing || Boolean(camera);
  at("boxes").hidden = at("tools").hidden = isOther || !picture;
  at("empty").hidden = isOther || Boolean(picture);
  at("frame").hidden = Boolean(camera) || !(pointing || picture);
  for (const id of ["motion", "controls"]) at(id).disabled = at(id).inert = isOther;  // links and clips too
  for (const id of ["save", "sheet"]) at(id).disabled = !picture;
  tellOpened();
  paint();
}

export function tellOpened() {
  const { picture, pointing, camera } = state;
  const { name, width, height } = (!camera && (pointing || picture)) || { name: "" };
  at("opened").textContent = width ? `${name}, ${width} × ${height} px${pointing ? "" : ","}` : name;
}
