// What all parts of the page share.

export const state = {
  studio: { checkpoint: null, variants: [], expressions: [] },  // what there is to choose from
  picture: null,  // the one that is open
  face: 0,  // a number as the server counts them, 0 the largest, or "all"
  pointing: null,  // the picture that is pointed at: its file, name and address, and the points so far, in fractions
  camera: null,  // while it is on: its stream, and what takes the still
  look: "",  // address of the newest look
  busy: false,  // whether a look is asked for
};

export const facesMeant = () => state.picture.faces.filter((one) => state.face === "all" || one.number === state.face);
