// The specimen beside a form's fields follows what is typed: the fields are posted, a picture or the faults come back.
// Without this script a form is still checked and saved; only the picture waits until then.

const form = document.querySelector("[data-editor]");
const image = document.querySelector("[data-specimen]");
const note = document.querySelector("[data-specimen-note]");
const fault = document.querySelector("[data-specimen-fault]");
let timer = 0;
let running = null;

async function draw() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), signal: running.signal });
    fault.hidden = answer.ok;
    if (!answer.ok) {
      fault.querySelector("div").textContent = await answer.text();
      image.hidden = true; // it shows what was typed before
      note.textContent = "";
      return;
    }
    const old = image.src;
    image.src = URL.createObjectURL(await answer.blob());
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    image.hidden = false;
    note.textContent = note.dataset.template.replace("{page}", 1).replace("{pages}", answer.headers.get("X-Pages"));
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

if (form && !form.querySelector("fieldset").disabled) {
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, 400);
  });
  draw();
}
