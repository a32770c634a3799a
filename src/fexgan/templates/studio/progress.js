// How far the clip is that is being made, as the server counts its frames.

import { fetched } from "./fetched.js";
import { at } from "./page.js";

const TOLD_EVERY_MS = 500;
const SOONEST_MS = 1500;  // before that, what the first frame takes says little of how long the others will

// Tell of a clip until `signal` gives it up or the function returned is called; `address`: a function, the address
// where the server tells how far it is.
export function startMaking(address, signal) {
  const start = performance.now();
  let told = { frames_done: 0, frames: 0 }, isAsking = false, ended = false;
  const show = () => showProgress(told, performance.now() - start);
  const counting = setInterval(async () => {
    show();
    if (isAsking) return;  // of a server that is slow to answer once is enough
    isAsking = true;
    told = await fetched(address(), { signal }).then((one) => one.json()).catch(() => told);  // the clip tells of what fails
    isAsking = false;
    if (!ended) show();
  }, TOLD_EVERY_MS);
  setMaking(true);
  show();
  return () => {
    ended = true;
    clearInterval(counting);
    setMaking(false);
  };
}

function setMaking(isMaking) {
  const wasThere = [document.body, at("stop")].includes(document.activeElement);  // disabled, the first button lost it
  at("play").disabled = isMaking;
  for (const id of ["done", "how-far", "stop"]) at(id).hidden = !isMaking;
  if (isMaking) return;
  at("working").textContent = "";
  if (wasThere) at("play").focus({ preventScroll: true });
}

function showProgress({ frames_done: done, frames }, spent_ms) {
  const isDrawn = frames > 0 && done === frames;
  const doing = isDrawn ? "putting it together ..." : "making it ...";
  if (at("working").textContent !== doing) at("working").textContent = doing;  // else it is read aloud again and again
  if (done) [at("done").max, at("done").value] = [frames, done];
  else at("done").removeAttribute("value");  // shows that something is done, and not how much
  at("how-far").textContent = [
    frames ? `${done} of ${frames} frames, ${Math.floor(100 * done / frames)} %` : "",
    done && !isDrawn && spent_ms > SOONEST_MS ? timeLeft(spent_ms * (frames - done) / done) : timeSpent(spent_ms),
  ].filter(Boolean).join(", ");
}

const timeLeft = (left_ms) => `about ${inWords(Math.max(1, Math.round(left_ms / 1000)))} left`;
const timeSpent = (spent_ms) => inWords(Math.round(spent_ms / 1000));
const inWords = (time_s) => time_s < 100 ? `${time_s} s` : `${Math.round(time_s / 60)} min`;
