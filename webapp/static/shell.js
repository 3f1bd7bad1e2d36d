// What every page has: show a password, a toast with an undo button, and confirmation of what can't be undone.

for (const button of document.querySelectorAll("[data-reveal]")) {
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.reveal);
    field.type = field.type === "password" ? "text" : "password";
    button.setAttribute("aria-pressed", String(field.type === "text"));
  });
}

// On the document, since lists that refresh themselves bring new forms.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

for (const choice of document.querySelectorAll("[data-submit-on-change]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

let hiding = 0;

/**
 * Show a short message at the foot of the page for ten seconds.
 * @param {string} text
 * @param {{word: string, act: () => void}} [undo] a button beside it
 */
export function toast(text, undo) {
  const place = document.getElementById("toast");
  place.replaceChildren(text);
  if (undo) {
    const button = document.createElement("button");
    button.className = "btn btn-sm";
    button.textContent = undo.word;
    button.addEventListener("click", () => {
      place.hidden = true;
      undo.act();
    });
    place.append(" ", button);
  }
  place.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (place.hidden = true), 10_000);
}
