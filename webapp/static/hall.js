// The steppers of the hall's numbers, and whether handed out, spoiled and spare make up what was printed.
// Without this script the fields still take what is typed.

const form = document.querySelector(".hall-form");

function value(field) {
  const text = field.value.normalize("NFKC").trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}

function step(button) {
  const field = button.parentElement.querySelector("input.form-control");
  field.value = String(Math.max(0, (value(field) ?? 0) + Number(button.dataset.step)));
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Holding a button counts on, slowly at first. */
let held = 0;
function release() {
  clearTimeout(held);
  held = 0;
}
function hold(button, pause) {
  held = setTimeout(() => {
    step(button);
    hold(button, Math.max(60, pause * 0.85));
  }, pause);
}

for (const button of form.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => step(button));
  button.addEventListener("pointerdown", () => hold(button, 600));
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(end, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

function add(name) {
  const place = document.querySelector(`[data-sum="${CSS.escape(name)}"]`);
  if (!place) return;
  const printed = Number(place.closest("[data-printed]").dataset.printed);
  const fields = [...form.querySelectorAll(`[data-form="${CSS.escape(name)}"]`)].filter((field) => field.dataset.kind !== "box");
  const numbers = fields.map(value);
  if (numbers.every((number) => number === null)) {
    place.textContent = "";
    return;
  }
  const sum = numbers.reduce((total, number) => total + (number ?? 0), 0);
  const { words, fits, off } = place.dataset;
  const whole = numbers.every((number) => number !== null);
  place.textContent = `${words} = ${sum}` + (sum === printed ? ` · ${fits} ✓` : whole ? ` · ${off} ${Math.abs(sum - printed)}` : "");
  place.className = `sum sm ${sum === printed ? "ok" : whole ? "bad" : "mut"}`;
}

form.addEventListener("input", (event) => event.target.dataset.form && add(event.target.dataset.form));
for (const place of document.querySelectorAll("[data-sum]")) add(place.dataset.sum);
