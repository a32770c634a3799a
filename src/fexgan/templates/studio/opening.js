// Ways to a picture, and how it is opened.

import { closeCamera, openCamera } from "./camera.js";
import { clearClip } from "./clips.js";
import { drawBoxes } from "./faces.js";
import { stem } from "./files.js";
import { forgetLook } from "./looks.js";
import { at, tell } from "./page.js";
import { endPointing, point } from "./pointing.js";
import { fetched } from "./fetched.js";
import { sent } from "./server.js";
import { asItShows } from "./sliders.js";
import { state } from "./state.js";

// A picture: `bytes` brings its file, `origin` tells the command line of it: what it is called there, and the command
// that makes it, if one does; `points` say where its face is, if somebody pointed at it. Whatever was chosen last is
// opened, in whatever order answers come.
let opening = 0;
async function open(bytes, name, origin = { path: name, made: "" }, points = "") {
  const mine = ++opening;
  closeCamera();
  at("stage").ariaBusy = "true";
  let file = null;
  try {
    file = await bytes();
    const opened = await sent(file, name, points);
    if (mine === opening) lay({ ...opened, file, origin, points, told: {} });
  } catch (error) {
    if (mine === opening) {
      if (error.unplaced) pointAt({ file, name, origin }, reasonOf(error, points));
      else {
        tell(error);
        endPointing();
      }
    }
  }
  if (mine === opening) at("stage").ariaBusy = "false";
}

function lay(picture) {
  state.picture = picture;
  state.face = picture.faces[0].number;
  forgetLook();
  at("error").hidden = true;
  clearClip();
  endPointing();
  drawBoxes();
  asItShows();
}

// Why the clicks are asked for. Where nobody pointed yet, they are the way out, and what is wrong is all that is told;
// where the points were wrong, the way out is a better place, and their pixels tell nobody anything.
function reasonOf({ message }, points) {
  return points ? message.replace(` ${points}`, "").replace(/, as in [-\d., ]+$/, "") : message.split("; ")[0];
}

function pointAt({ file, name, origin }, reason = "") {
  point(file, name, reason, (points) => open(async () => file, name, origin, points));
}
at("by-hand").onclick = () => pointAt(state.picture);

const openFile = (file, name = file.name) => open(async () => file, name);
const openFrom = (path, name, origin) => open(async () => (await fetched(path)).blob(), name, origin);

at("choose").onclick = () => at("file").click();
at("file").onchange = () => {
  const file = at("file").files[0];
  if (file) openFile(file);
  at("file").value = "";
};

at("camera").onclick = () => openCamera(openFile);

let seed = 0;
at("random").onclick = () => {
  const name = `nobody-${seed}.png`;
  const made = `fexgan generate --count 1 --affect neutral --seed ${seed} --out ${name}`;
  openFrom(`api/random.png?seed=${seed}`, name, { path: name, made });
  seed += 1;
};

addEventListener("dragover", (event) => { event.preventDefault(); at("stage").classList.add("over"); });
addEventListener("dragleave", () => at("stage").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  at("stage").classList.remove("over");
  const file = event.dataTransfer.files[0];
  if (file) openFile(file);
});
addEventListener("paste", (event) => {
  const file = event.clipboardData.files[0];
  if (file) openFile(file, file.name || "pasted.png");
});

export function openExample(name) {
  openFrom(`api/examples/${name}`, name, { path: `${state.studio.examples_folder}/${name}`, made: "" });
}

export function addExample(name) {
  const button = document.createElement("button");
  button.title = name;
  button.innerHTML = `<img src="api/examples/${name}" alt="${stem(name)}">`;
  button.onclick = () => openExample(name);
  at("examples").append(button);
}
