// Where no mark is open, U takes back the last decision as it does at a mark.

import { actionOf } from "./review-keys.js";

document.addEventListener("keydown", (event) => {
  if (actionOf(event)?.action !== "undo") return;
  event.preventDefault();
  document.querySelector("#undo")?.requestSubmit();
});
