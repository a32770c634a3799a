// The mixture that is asked for, and mixtures as they are written.

import { fetched } from "./fetched.js";
import { state } from "./state.js";

export const strengths = {}, chosen = {};  // emotion -> strength in [0, 1]; emotion -> variant, "" for its default

export const emotions = () => Object.keys(strengths);
export const variantsOf = (name) => state.studio.variants
  .filter((one) => one.startsWith(`${name}.`)).map((one) => one.slice(name.length + 1));
const full = (name) => chosen[name] ? `${name}.${chosen[name]}` : name;
export const variantsChosen = () => emotions().filter((name) => chosen[name]).map(full);

// Strengths that sum to more than 1 share it here, so that picture, clip, units and command are told the same.
// Shares are rounded down, for rounded up they could sum to more again.
export function mixtureText() {
  const hundredths = emotions().map((name) => Math.round(100 * strengths[name]));
  const sum = Math.max(100, hundredths.reduce((total, one) => total + one, 0));
  const parts = emotions().map((name, index) => [full(name), Math.floor(100 * hundredths[index] / sum)])
    .filter(([, share]) => share > 0)
    .map(([name, share]) => share === 100 ? name : `${name}:${share / 100}`);
  return parts.join("+") || "neutral";
}

// Strengths and variants by emotion of a mixture as somebody writes it, named expressions and all; the server reads it,
// and says what is wrong with it.
export async function parsed(text) {
  const mixture = await (await fetched(`api/mixture.json?${new URLSearchParams({ mixture: text })}`)).json();
  const values = {}, variants = { ...chosen };
  for (const [name, strength] of Object.entries(mixture.strengths)) {
    values[name] = Math.round(100 * strength) / 100;
    variants[name] = mixture.variants[name] || "";
  }
  return [values, variants];
}

// Strengths by affect of what the server says that a face shows, which has no variants.
export const strengthsOf = (text) => Object.fromEntries(text.split("+").map((part) => {
  const [name, strength = 1] = part.split(":");
  return [name, Number(strength)];
}));
