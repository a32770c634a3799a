// The faces of the picture: the squares around them, which of them is meant, and what it shows.

import { clearClip } from "./clips.js";
import { show } from "./looks.js";
import { at, tell } from "./page.js";
import { fetchedOpen, showing } from "./server.js";
import { areAsItShows, asItShows } from "./sliders.js";
import { facesMeant, state } from "./state.js";

const SHOWS = at("source").title;
const DIFFER = "These faces show different affects; click on one of them to say what it shows";

export function drawBoxes() {
  const { faces } = state.picture;
  const alone = faces.length === 1;  // its square only tells what is taken for the face
  at("boxes").replaceChildren(...faces.map((one) => {
    const box = document.createElement(alone ? "div" : "button");
    box.className = "box";
    for (const side of ["left", "top", "width", "height"]) box.style[side] = `${100 * one[side]}%`;
    box.style.rotate = `${one.roll_deg}deg`;
    if (alone) return box;
    box.dataset.face = one.number;
    box.title = "Edit this face alone";
    box.ariaLabel = `Face ${one.number}, shows ${one.shows}`;
    box.onclick = () => choose(one.number);
    return box;
  }));
  at("crowd").hidden = alone;
  at("crowd-text").textContent = `${faces.length} faces: click on the one that is meant, or take`;
  pressBoxes();
}

at("all").onclick = () => choose("all");

// Another face starts from what it shows; all together take what is asked for.
function choose(which) {
  if (which === state.face) return;
  state.face = which;
  pressBoxes();
  if (which === "all") show(); else asItShows();
}

function pressBoxes() {
  const meant = facesMeant(), numbers = meant.map((one) => String(one.number));
  const shows = new Set(meant.map((one) => one.shows)), differ = shows.size > 1;
  at("source").value = differ ? "several" : [...shows][0];
  at("source").readOnly = differ;
  at("source").title = differ ? DIFFER : SHOWS;
  at("all").ariaPressed = String(state.face === "all");
  for (const box of at("boxes").querySelectorAll("button")) {
    box.ariaPressed = String(numbers.includes(box.dataset.face));
  }
}

// What a face shows is read off it; where that is wrong, somebody says it, and the picture is opened with that.
at("source").onchange = async () => {
  const { picture: mine, face } = state, text = at("source").value.trim(), meant = facesMeant();
  try {
    const opened = await (await fetchedOpen(() => showing(mine, text, face), { method: "POST" })).json();
    if (mine !== state.picture) return;
    const told = Object.fromEntries(meant.map((one) => [one.number, text]));
    const untouched = areAsItShows();
    state.picture = { ...mine, ...opened, told: { ...mine.told, ...told } };
    at("error").hidden = true;
    clearClip();
    drawBoxes();
    if (untouched) asItShows(); else show();
  } catch (error) {
    tell(error);
    if (mine === state.picture) pressBoxes();
  }
};
