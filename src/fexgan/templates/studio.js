"use strict";

const at = (id) => document.getElementById(id);
const strengths = {}, chosen = {};  // emotion -> strength in [0, 1]; emotion -> variant, "" for its default
let picture = null, face = 0, seed = 0;  // face: a number as the server counts them, 0 the largest, or "all"
let studio = { checkpoint: null };  // what there is to choose from
const FIRST = "hopper.jpg";  // lies open until somebody brings their own

// ---- what is asked for

const emotions = () => Object.keys(strengths);
const number = (value) => String(Math.round(100 * value) / 100);

// Strengths that sum to more than 1 share it here, so that picture, clip, units and command are told the same.
// Shares are rounded down, for rounded up they could sum to more again.
function mixtureText() {
  const hundredths = emotions().map((name) => Math.round(100 * strengths[name]));
  const sum = Math.max(100, hundredths.reduce((total, one) => total + one, 0));
  const parts = emotions().map((name, index) => [full(name), Math.floor(100 * hundredths[index] / sum)])
    .filter(([, share]) => share > 0)
    .map(([name, share]) => share === 100 ? name : `${name}:${share / 100}`);
  return parts.join("+") || "neutral";
}

const full = (name) => chosen[name] ? `${name}.${chosen[name]}` : name;

function asked(extra = {}) {
  const variants = emotions().filter((name) => chosen[name]).map(full).join(",");  // a sheet shows all emotions
  return new URLSearchParams({ mixture: mixtureText(), variants, face, ...extra });
}

const place = (what, extra) => `api/pictures/${picture.key}/${what}?${asked(extra)}`;

// ---- talking to the server

async function fetched(path, options) {
  const answer = await fetch(path, options).catch(() => {
    throw new Error("the studio does not answer; is fexgan serve still running?");
  });
  if (answer.ok) return answer;
  const broken = { error: `the studio failed (${answer.status}); its terminal says why, and opening the picture again may help` };
  const told = await answer.json().catch(() => broken);
  throw Object.assign(new Error(told.error), { unplaced: Boolean(told.unplaced) });
}

let fading = 0;
function tell(error) {
  at("error").textContent = error.message;
  at("error").hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { at("error").hidden = true; }, 7000);
}

// A picture: `bytes` brings its file, `origin` tells the command line of it: what it is called there, and the command
// that makes it, if one does; `points` say where its face is, if somebody pointed at it. Whatever was chosen last is
// opened, in whatever order answers come.
let opening = 0;
async function open(bytes, name, origin = { path: name, made: "" }, points = "") {
  const mine = ++opening;
  at("stage").ariaBusy = "true";
  let file = null;
  try {
    file = await bytes();
    const query = new URLSearchParams({ name, ...(points && { points }) });
    const opened = await (await fetched(`api/pictures?${query}`, { method: "POST", body: file })).json();
    if (mine === opening) lay({ ...opened, file, origin, points, told: {} });
  } catch (error) {
    if (mine === opening) {
      tell(error);
      if (error.unplaced) point({ file, name, origin });
      else endPointing();
    }
  }
  if (mine === opening) at("stage").ariaBusy = "false";
}

function lay(opened) {
  picture = opened;
  face = picture.faces[0].number;
  URL.revokeObjectURL(look);
  look = "";  // what is on the stage stays there until the first look of this picture arrives
  at("error").hidden = true;
  clearClip();
  endPointing();
  at("opened").textContent = `${picture.name}, ${picture.width} × ${picture.height} px,`;
  at("shows").hidden = at("by-hand").hidden = false;
  drawBoxes();
  asItShows();
}

const openFile = (file, name = file.name) => open(async () => file, name);
const openFrom = (path, name, origin) => open(async () => (await fetched(path)).blob(), name, origin);

// ---- the picture: one request at a time, and after it the newest look; while a slider moves, a preview of it without
// details, which is made in half the time, and what it previews once the slider rests

let busy = false, stale = false;
let look = "", holding = false;  // address of the newest look; whether the picture is shown as it was
async function show(moving = false) {
  describe();
  if (!picture) return;
  if (busy) { stale = true; return; }
  busy = true;
  const mine = picture, preview = moving && picture.details;
  try {
    const made = await (await fetched(place("edit.jpg", preview ? { details: 0 } : {}))).blob();
    if (mine === picture) {
      const before = look;
      look = URL.createObjectURL(made);
      paint();
      await at("shown").decode().catch(() => {});
      if (before) URL.revokeObjectURL(before);
    }
  } catch (error) { tell(error); }
  busy = false;
  if (stale || preview) {
    const again = stale;
    stale = false;
    show(again && moving);
  }
}

function paint() {
  const open = holding ? `api/pictures/${picture.key}/source.jpg` : look;
  const address = pointing ? pointing.address : open;
  if (address && at("shown").getAttribute("src") !== address) at("shown").src = address;
  at("badge").hidden = !holding || Boolean(pointing);
}

function describe() {
  const origin = picture ? picture.origin : { path: "me.jpg", made: "" };
  const which = face === 0 ? "" : ` --face ${face}`;
  const there = picture?.points ? ` --points ${picture.points}` : "";
  const told = new Set(picture ? facesMeant().map((one) => picture.told[one.number]) : []);
  const from = told.size === 1 && [...told][0] ? ` --source-affect ${[...told][0]}` : "";
  const by = studio.checkpoint ? ` --checkpoint ${quoted(studio.checkpoint)}` : "";
  const out = quoted(`${stem(picture ? picture.name : "me.jpg")}-${saved()}`);
  const command = `fexgan transform ${quoted(origin.path)} --to ${mixtureText()}${from}${which}${there}${by} --out ${out}`;
  at("command").textContent = [origin.made, command].filter(Boolean).join("\n");
}

// A file's name as a POSIX shell takes it for one, and the program for no flag.
function quoted(name) {
  const path = name.startsWith("-") ? `./${name}` : name;
  return /^[\w.\/:=@%+,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

const stem = (name) => name.replace(/\.[^.]*$/, "");
const saved = () => `edited.${kindOf(picture)}`;
function kindOf(one) {
  const ending = (one ? one.name : "me.jpg").split(".").pop().toLowerCase();
  if (one && one.transparent && ending !== "webp") return "png";
  return ["png", "jpg", "jpeg", "webp"].includes(ending) ? ending : "png";
}

function drawBoxes() {
  const alone = picture.faces.length === 1;  // its square only tells what is taken for the face
  at("boxes").replaceChildren(...picture.faces.map((one) => {
    const box = document.createElement(alone ? "div" : "button");
    box.className = "box";
    for (const side of ["left", "top", "width", "height"]) box.style[side] = `${100 * one[side]}%`;
    box.style.rotate = `${one.roll_deg}deg`;
    if (alone) return box;
    box.dataset.face = one.number;
    box.title = "Edit this face alone; once more for all";
    box.ariaLabel = `Face ${one.number}, shows ${one.shows}`;
    box.onclick = () => choose(face === one.number ? "all" : one.number);
    return box;
  }));
  pressBoxes();
}

// Another face starts from what it shows; all together take what is asked for.
function choose(which) {
  face = which;
  pressBoxes();
  if (face === "all") show(); else asItShows();
}

const facesMeant = () => picture.faces.filter((one) => face === "all" || one.number === face);

function pressBoxes() {
  at("source").value = [...new Set(facesMeant().map((one) => one.shows))].join("; ");
  for (const box of at("boxes").querySelectorAll("button")) box.ariaPressed = String(face === "all" || box.dataset.face === String(face));
}

// What a face shows is read off it; where that is wrong, somebody says it, and the picture is opened with that.
at("source").onchange = async () => {
  const mine = picture, text = at("source").value.trim();
  try {
    if (text) parsed(text);
    const query = new URLSearchParams({ source: text, face });
    const opened = await (await fetched(`api/pictures/${mine.key}?${query}`, { method: "POST" })).json();
    if (mine !== picture) return;
    const told = Object.fromEntries(facesMeant().map((one) => [one.number, text]));
    const untouched = mixtureText() === resting;
    picture = { ...mine, ...opened, told: { ...mine.told, ...told } };
    at("error").hidden = true;
    clearClip();
    drawBoxes();
    if (untouched) asItShows(); else show();
  } catch (error) {
    tell(error);
    if (mine === picture) pressBoxes();
  }
};

function hold() {
  if (!picture || holding || pointing) return;
  holding = true;
  paint();
}
function release() {
  if (!holding) return;
  holding = false;
  paint();
}
at("shown").onpointerdown = (event) => { if (event.button === 0) hold(); };
at("shown").oncontextmenu = (event) => { if (holding) event.preventDefault(); };  // a finger that rests asks for it
for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, release);
const typing = () => /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) && document.activeElement.type !== "range";
const isO = (event) => event.key.toLowerCase() === "o" && !event.ctrlKey && !event.metaKey && !event.altKey;
addEventListener("keydown", (event) => { if (isO(event) && !typing()) hold(); });
addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "o") release(); });

// ---- ways to a picture

at("choose").onclick = () => at("file").click();
at("file").onchange = () => { const file = at("file").files[0]; if (file) openFile(file); at("file").value = ""; };
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

// ---- sliders, mixtures, named expressions

function set(values, variants = chosen, moving = false) {
  for (const name of emotions()) {
    strengths[name] = values[name] || 0;
    chosen[name] = variants[name] || "";
    at(`range-${name}`).value = strengths[name];
    at(`value-${name}`).textContent = `${Math.round(100 * strengths[name])} %`;
    const select = at(`variant-${name}`);
    if (select) select.value = chosen[name];
  }
  at("mixture").value = mixtureText();
  at("error").hidden = true;
  show(moving);
}

const variantsOf = (name) => [...(at(`variant-${name}`)?.options || [])].map((one) => one.value).filter(Boolean);

function emotionRow(name, variants) {
  const row = document.createElement("div");
  row.className = "emotion";
  row.innerHTML = `<label for="range-${name}">${name}</label>
    <input id="range-${name}" type="range" min="0" max="1" step="0.01" value="0">
    <output id="value-${name}">0 %</output>
    <select id="variant-${name}" aria-label="Variant of ${name}"><option value="">usual</option></select>`;
  // As text, never as markup: a stranger's checkpoint may have named them.
  row.querySelector("select").append(...variants.map((one) => new Option(one)));
  row.querySelector("input").oninput = (event) => set({ ...strengths, [name]: Number(event.target.value) }, chosen, true);
  row.querySelector("label").ondblclick = () => set({ ...strengths, [name]: 0 });
  row.querySelector("select").onchange = (event) => set(strengths, { ...chosen, [name]: event.target.value });
  if (!variants.length) row.querySelector("select").remove();
  return row;
}

function parsed(text) {
  const values = {}, variants = { ...chosen };
  for (const part of text.split("+")) {
    const [asked, strength = "1"] = part.trim().split(":");
    const [name, variant] = asked.split(".");
    const expression = (studio.expressions || []).find((one) => one.name === asked);
    if (expression && Number(strength) >= 0 && Number(strength) <= 1) {
      for (const [affect, share] of Object.entries(expression.mixture)) {
        values[affect] = Math.min(1, Math.round(100 * ((values[affect] || 0) + share * Number(strength))) / 100);
        if (expression.variants[affect]) variants[affect] = expression.variants[affect];
      }
      continue;
    }
    if (!(name in strengths) && name !== "neutral") {
      throw new Error(`affect '${name}' is unknown; choose from ${emotions().join(", ")}, neutral`);
    }
    if (!(Number(strength) >= 0 && Number(strength) <= 1)) throw new Error(`strength '${strength}' is no number in [0, 1]`);
    if (variant !== undefined && !variantsOf(name).includes(variant)) {
      throw new Error(`variant '${asked}' is unknown; choose from ${variantsOf(name).join(", ") || "the usual one"}`);
    }
    values[name] = Math.min(1, (values[name] || 0) + Number(strength));
    variants[name] = variant || "";
  }
  return [values, variants];
}
at("mixture").onchange = () => { try { set(...parsed(at("mixture").value)); } catch (error) { tell(error); } };
at("reset").onclick = () => { if (picture) asItShows({}); else set({}, {}); };

// The sliders at what the face shows, which leaves it as it is.
let resting = "neutral";  // the mixture that they then stand for
function asItShows(variants = chosen) {
  const shown = picture.faces.find((one) => one.number === face) || picture.faces[0];
  set(parsed(shown.shows)[0], variants);
  resting = mixtureText();
}

// ---- what is taken along

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
async function take(button, path, name) {
  button.disabled = true;
  try { download(await (await fetched(path)).blob(), name); } catch (error) { tell(error); }
  button.disabled = false;
}
at("save").onclick = () => take(at("save"), place(`save.${kindOf(picture)}`), `${stem(picture.name)}-${saved()}`);
at("sheet").onclick = () => take(at("sheet"), place("sheet.png"), `${stem(picture.name)}-sheet.png`);
at("units").onclick = () => take(at("units"), `api/units.json?${asked()}`, "units.json");

at("add").onclick = () => {
  const times = [...at("keyframes").value.matchAll(/([\d.]+)s/g)].map((match) => Number(match[1]));
  const next = times.length ? Math.max(...times) + 0.8 : 0;
  at("keyframes").value = [at("keyframes").value.trim(), `${number(next)}s ${mixtureText()}`].filter(Boolean).join(", ");
};
function clearClip() {
  for (const id of ["clip", "clip-picture"]) {
    if (at(id).src) URL.revokeObjectURL(at(id).src);
    at(id).removeAttribute("src");
    at(id).hidden = true;
  }
  at("clip-save").hidden = true;
}
at("play").onclick = async () => {
  if (!picture) return tell(new Error("no picture is open; drop one, or take one below the stage"));
  const mine = picture;
  clearClip();
  const kind = at("kind").value, name = `${stem(picture.name)}.${kind}`;
  at("play").disabled = true;
  at("working").hidden = false;
  try {
    const answer = await fetched(place(`clip.${kind}`, { keyframes: at("keyframes").value.replace(/\s+/g, " ") }));
    const made = await answer.blob();
    if (mine === picture) {
      const player = at(kind === "mp4" ? "clip" : "clip-picture");
      player.src = at("clip-save").href = URL.createObjectURL(made);
      player.hidden = false;
      at("clip-save").download = name;
      at("clip-save").hidden = false;
    }
  } catch (error) { if (mine === picture) tell(error); }
  at("play").disabled = Boolean(pointing);
  at("working").hidden = true;
};

// ---- start

const openExample = (name) => openFrom(`api/examples/${name}`, name, { path: `${studio.examples_folder}/${name}`, made: "" });

(async () => {
  studio = await (await fetched("api/studio")).json();
  for (const name of studio.emotions) {
    strengths[name] = 0;
    const variants = studio.variants.filter((one) => one.startsWith(`${name}.`)).map((one) => one.slice(name.length + 1));
    at("emotions").append(emotionRow(name, variants));
  }
  at("affects").append(...["neutral", ...studio.emotions].map((name) => new Option("", name)));
  for (const one of studio.expressions) {
    const button = document.createElement("button");
    button.textContent = one.name.replace(/-/g, " ");
    button.title = one.note;
    button.onclick = () => set(one.mixture, one.variants);
    at("expressions").append(button);
  }
  for (const name of studio.examples) {
    const button = document.createElement("button");
    button.title = name;
    button.innerHTML = `<img src="api/examples/${name}" alt="${stem(name)}">`;
    button.onclick = () => openExample(name);
    at("examples").append(button);
  }
  describe();
  if (studio.examples.includes(FIRST)) openExample(FIRST);
})().catch(tell);
