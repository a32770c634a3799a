// What the server answers, or its refusal as an error; an error of that name, AbortError, where the page gave it up.

export async function fetched(path, options) {
  const answer = await fetch(path, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Error("the studio does not answer; is fexgan serve still running?");
  });
  if (answer.ok) return answer;
  const why = "its terminal says why, and opening the picture again may help";
  const told = await answer.json().catch(() => ({ error: `the studio failed (${answer.status}); ${why}` }));
  throw Object.assign(new Error(told.error), { unplaced: Boolean(told.unplaced), isGone: answer.status === 404 });
}
