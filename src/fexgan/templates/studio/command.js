// The same on the command line: the picture, all seven of its affects, and the clip.

import { clipName, keyframes, saved, stem } from "./files.js";
import { mixtureText, variantsChosen } from "./mixtures.js";
import { at, tell } from "./page.js";
import { facesMeant, state } from "./state.js";

const NOBODYS = { name: "me.jpg", origin: { path: "me.jpg", made: "" } };  // stands for a picture until one is open

export function describe() {
  const { name, origin } = state.picture || NOBODYS;
  const variants = variantsChosen().length ? ` --variants ${variantsChosen().map(quoted).join(" ")}` : "";
  const write = (id, verb, asked, out) => {
    const command = `fexgan ${verb} ${quoted(origin.path)}${asked}${flags()} --out ${quoted(out)}`;
    at(id).replaceChildren(...wordsOf([origin.made, command].filter(Boolean).join("\n")));
  };
  write("command", "transform", ` --to ${quoted(mixtureText())}`, `${stem(name)}-${saved()}`);
  write("sheet-command", "transform", variants, `${stem(name)}-sheet.png`);
  write("clip-command", "animate", ` --keyframes ${quoted(keyframes())}${variants}`, clipName());
  at("sheet-command").parentElement.hidden = state.face === "all";  // for a sheet shows one face
}

// Each word in one piece, for browsers break lines within `--out`.
function wordsOf(text) {
  return text.split(/([ \n])/).map((word) => {
    if (/[ \n]/.test(word)) return word;
    const piece = document.createElement("span");
    piece.textContent = word;
    return piece;
  });
}

// What tells the command line of the faces meant, and of what edits them.
function flags() {
  const { picture, face, studio } = state;
  const told = new Set(picture ? facesMeant().map((one) => picture.told[one.number]) : []);
  const from = told.size === 1 && [...told][0] ? ` --source-affect ${quoted([...told][0])}` : "";
  const which = face === 0 ? "" : ` --face ${face}`;
  const there = picture?.points ? ` --points ${picture.points}` : "";
  const by = studio.checkpoint ? ` --checkpoint ${quoted(studio.checkpoint)}` : "";
  return from + which + there + by;
}

// A file's name as a POSIX shell takes it for one, and the program for no flag.
function quoted(name) {
  const path = name.startsWith("-") ? `./${name}` : name;
  return /^[\w.\/:=@%+,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

for (const button of document.querySelectorAll(".copy")) {
  const command = button.previousElementSibling;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    } catch {  // browsers lend the clipboard to pages of this machine and of https alone
      getSelection().selectAllChildren(command);
      tell(new Error("the browser does not let the page copy; the command is selected, press Ctrl-C"));
    }
  };
}
