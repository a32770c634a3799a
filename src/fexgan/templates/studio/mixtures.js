// The mixture that is asked for, and mixtures as they are written.

import { state } from "./state.js";

export const strengths = {}, chosen = {};  // emotion -> strength in [0, 1]; emotion -> variant, "" for its default

export const emotions = () => Object.keys(strengths);
export const variantsOf = (name) => state.studio.variants
  .filter((one) => one.startsWith(`${name}.`)).map((one) => one.slice(name.length + 1));
export const full = (name) => chosen[name] ? `${name}.${chosen[name]}` : name;

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

// Strengths and variants by emotion.
export function parsed(text) {
  const values = {}, variants = { ...chosen }, named = new Set();
  for (const part of text.split("+")) {
    const [asked, strength = "1"] = part.trim().split(":");
    const [name, variant] = asked.split(".");
    if (strength.trim() === "") throw new Error(`strength of '${asked}' is missing; write '${asked}:0.5'`);
    const expression = state.studio.expressions.find((one) => one.name === asked);
    if (expression && Number(strength) >= 0 && Number(strength) <= 1) {
      for (const [affect, share] of Object.entries(expression.mixture)) {
        values[affect] = Math.min(1, Math.round(100 * ((values[affect] || 0) + share * Number(strength))) / 100);
        if (expression.variants[affect]) variants[affect] = expression.variants[affect];
      }
      continue;
    }
    if (!Object.hasOwn(strengths, name) && name !== "neutral") {
      throw new Error(`affect '${name}' is unknown; choose from ${emotions().join(", ")}, neutral`);
    }
    if (!(Number(strength) >= 0 && Number(strength) <= 1)) {
      throw new Error(`strength '${strength}' is no number in [0, 1]`);
    }
    if (variant !== undefined && !variantsOf(name).includes(variant)) {
      throw new Error(`variant '${asked}' is unknown; choose from ${variantsOf(name).join(", ") || "the usual one"}`);
    }
    if (named.has(name)) throw new Error(`affect '${name}' comes twice; give each affect one strength`);
    named.add(name);
    values[name] = Math.min(1, (values[name] || 0) + Number(strength));
    variants[name] = variant || "";
  }
  return [values, variants];
}
