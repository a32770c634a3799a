// Addresses of what is asked of the server.

import { mixtureText, variantsChosen } from "./mixtures.js";
import { state } from "./state.js";

function asked(extra = {}) {
  const variants = variantsChosen().join(",");  // a sheet shows all emotions
  return new URLSearchParams({ mixture: mixtureText(), variants, face: state.face, ...extra });
}

export const place = (what, extra) => `api/pictures/${state.picture.key}/${what}?${asked(extra)}`;
