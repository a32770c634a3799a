// The faces of the picture: the squares around them, which of them is meant, and what it shows.

import { clearClip } from "./clips.js";
import { show } from "./looks.js";
import { parsed } from "./mixtures.js";
import { at, tell } from "./page.js";
import { fetched } from "./server.js";
import { areAsItShows, asItShows } from "./sliders.js";
import { facesMeant, state } from "./state.js";

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
    box.title = "Edit this face alone; once more for all";
    box.ariaLabel = `Face ${one.number}, shows ${one.shows}`;
    box.onclick = () => choose(state.face === one.number ? "all" : one.number);
    return box;
  }));
  pressBoxes();
}

// Another face starts from what it shows; all together take what is asked for.
function choose(which) {
  state.face = which;
  pressBoxes();
  if (which === "all") show(); else asItShows();
}

function pressBoxes() {
  const meant = facesMeant(), numbers = meant.map((one) => String(one.number));
  at("source").value = [...new Set(meant.map((one) => one.shows))].join("; ");
  for (const box of at("boxes").querySelectorAll("button")) {
    box.ariaPressed = String(numbers.includes(box.dataset.face));
  }
}

// What a face shows is read off it; where that is wrong, somebody says it, and the picture is opened with that.
at("source").onchange = async () => {
  const mine = state.picture, text = at("source").value.trim(), meant = facesMeant();
  try {
    if (text) parsed(text);
    const query = new URLSearchParams({ source: text, face: state.face });
    const opened = await (await fetched(`api/pictures/${mine.key}?${query}`, { method: "POST" })).json();
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
