// The page as it opens: what there is to choose from, and a first picture.

import { describe } from "./command.js";
import { addExample, openExample } from "./opening.js";
import { at, tell } from "./page.js";
import { fetched } from "./fetched.js";
import { addEmotion, addExpression } from "./sliders.js";
import { state } from "./state.js";

const FIRST = "hopper.jpg";  // lies open until somebody brings their own

async function start() {
  const studio = state.studio = await (await fetched("api/studio")).json();
  studio.emotions.forEach(addEmotion);
  at("affects").append(...["neutral", ...studio.emotions].map((name) => new Option("", name)));
  studio.expressions.forEach(addExpression);
  studio.examples.forEach(addExample);
  describe();
  if (studio.examples.includes(FIRST)) openExample(FIRST);
}

start().catch(tell);
