// The same on the command line.

import { saved, stem } from "./files.js";
import { mixtureText } from "./mixtures.js";
import { at } from "./page.js";
import { facesMeant, state } from "./state.js";

export function describe() {
  const { picture, face, studio } = state;
  const origin = picture ? picture.origin : { path: "me.jpg", made: "" };
  const which = face === 0 ? "" : ` --face ${face}`;
  const there = picture?.points ? ` --points ${picture.points}` : "";
  const told = new Set(picture ? facesMeant().map((one) => picture.told[one.number]) : []);
  const from = told.size === 1 && [...told][0] ? ` --source-affect ${quoted([...told][0])}` : "";
  const by = studio.checkpoint ? ` --checkpoint ${quoted(studio.checkpoint)}` : "";
  const flags = `--to ${mixtureText()}${from}${which}${there}${by}`;
  const out = quoted(`${stem(picture ? picture.name : "me.jpg")}-${saved()}`);
  const command = `fexgan transform ${quoted(origin.path)} ${flags} --out ${out}`;
  at("command").textContent = [origin.made, command].filter(Boolean).join("\n");
}

// A file's name as a POSIX shell takes it for one, and the program for no flag.
function quoted(name) {
  const path = name.startsWith("-") ? `./${name}` : name;
  return /^[\w.\/:=@%+,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
