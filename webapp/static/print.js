// The specimen on the print page follows what is typed: the fields are posted, a picture of one page comes back.
// Without this script the page still prints; only the specimen is missing.

const form = document.querySelector("[data-print-form]");
const image = document.querySelector("[data-specimen]");
const note = document.querySelector("[data-specimen-note]");
const fault = document.querySelector("[data-specimen-fault]");
const turns = document.querySelectorAll("[data-turn]");
let page = 1;
let pages = 1;
let timer = 0;
let running = null;

async function draw() {
  running?.abort();
  running = new AbortController();
  const body = new FormData(form);
  body.set("page", String(page));
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body, signal: running.signal });
    if (!answer.ok) {
      fault.hidden = false;
      fault.querySelector("div").textContent = await answer.text();
      image.hidden = true; // it shows what was typed before
      note.textContent = "";
      for (const button of turns) button.disabled = true;
      return;
    }
    pages = Number(answer.headers.get("X-Pages"));
    page = Math.min(page, pages);
    const old = image.src;
    image.src = URL.createObjectURL(await answer.blob());
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    image.hidden = false;
    fault.hidden = true;
    note.textContent = note.dataset.template.replace("{page}", page).replace("{pages}", pages);
    for (const button of turns) {
      const next = page + Number(button.dataset.turn);
      button.disabled = next < 1 || next > pages;
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

function showFieldsOf(choice) {
  for (const field of form.querySelectorAll("[data-for-kind]")) {
    field.hidden = !field.dataset.forKind.split(" ").includes(choice.dataset.kind);
  }
}

if (form) {
  form.addEventListener("input", (event) => {
    if (event.target.name === "survey") {
      page = 1;
      showFieldsOf(event.target);
    }
    clearTimeout(timer);
    timer = setTimeout(draw, 250);
  });
  for (const button of turns) {
    button.addEventListener("click", () => {
      page += Number(button.dataset.turn);
      draw();
    });
  }
  const chosen = form.querySelector("[name=survey]:checked");
  if (chosen) {
    showFieldsOf(chosen);
    draw();
  }
}
