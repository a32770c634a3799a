// The camera: its live picture on the stage, mirrored as people know themselves, and the still that is taken of it.

import { at, tell } from "./page.js";
import { setStage } from "./stage.js";
import { state } from "./state.js";

// As large as the camera makes them, and neither cut nor scaled to that by the browser.
const WANTED = { video: { facingMode: "user", width: { ideal: 1920 }, height: { ideal: 1080 }, resizeMode: "none" } };
const REFUSALS = {
  NotAllowedError: "the browser does not let the page use the camera; allow it beside the page's address",
  NotFoundError: "no camera is found; connect one and click Camera again",
  NotReadableError: "the camera cannot be read, for another program may hold it; close that",
};

at("camera").hidden = !navigator.mediaDevices?.getUserMedia;  // lent to pages of this machine and of https alone

// `taken` takes the still, a file. Whatever is chosen while the browser asks for leave goes before the camera.
let asking = 0;
export async function openCamera(taken) {
  if (at("camera").ariaBusy === "true") return;
  if (state.camera) return at("shutter").focus();
  const mine = ++asking;
  at("camera").ariaBusy = "true";
  try {
    const stream = await navigator.mediaDevices.getUserMedia(WANTED);
    if (mine !== asking || document.hidden) stop(stream); else live(stream, taken);
  } catch (error) {
    const why = REFUSALS[error.name] || `the camera does not start (${error.message || error.name}); try it again`;
    if (mine === asking) tell(new Error(`${why}, or open a picture`));
  }
  at("camera").ariaBusy = "false";
}

export function closeCamera() {
  asking += 1;
  leave();
}

function live(stream, taken) {
  state.camera = { stream, taken };
  stream.getVideoTracks()[0].onended = () => {  // not where the page itself stops it
    leave();
    tell(new Error("the camera has stopped; connect it and click Camera again, or open a picture"));
  };
  at("error").hidden = true;
  at("shutter").ariaBusy = "true";  // until there is something to take
  at("live").srcObject = stream;
  setStage();
  at("shutter").focus({ preventScroll: true });
  at("stage").scrollIntoView({ block: "nearest", behavior: "instant" });
}
at("live").onloadeddata = () => { at("shutter").ariaBusy = "false"; };

const stop = (stream) => stream.getTracks().forEach((track) => track.stop());

function leave() {
  if (!state.camera) return;
  const wasThere = at("viewfinder").contains(document.activeElement);
  stop(state.camera.stream);
  state.camera = at("live").srcObject = null;
  setStage();
  if (wasThere) at("camera").focus({ preventScroll: true });
}

async function take() {
  const { camera } = state, frame = at("live"), still = document.createElement("canvas");
  if (at("shutter").ariaBusy === "true") return;
  at("shutter").ariaBusy = "true";
  frame.pause();
  [still.width, still.height] = [frame.videoWidth, frame.videoHeight];
  still.getContext("2d").drawImage(frame, 0, 0);
  const encoded = await new Promise((made) => still.toBlob(made, "image/png"));
  if (camera !== state.camera) return;
  leave();
  camera.taken(new File([encoded], "camera.png", { type: encoded.type }));
}

at("shutter").onclick = take;
at("camera-end").onclick = leave;
// A key that is still held from before takes nothing, and on a button it does what the button says.
addEventListener("keydown", (event) => {
  if (!state.camera) return;
  if (event.key === "Escape") return leave();
  if (event.key !== " " && event.key !== "Enter") return;
  const onButton = document.activeElement.tagName === "BUTTON";
  if (event.repeat || !onButton) event.preventDefault();
  if (!event.repeat && !onButton) take();
});
document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
addEventListener("pagehide", leave);
