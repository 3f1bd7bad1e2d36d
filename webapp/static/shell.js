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

/**
 * Open a dialog of the frame: search or help.
 * @param {string} name
 */
function open(name) {
  const dialog = document.getElementById(name);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  if (name === "help") window.htmx.trigger("#help-text", "open-help");
}

for (const link of document.querySelectorAll("[data-dialog]")) {
  link.addEventListener("click", (event) => {
    if (!document.getElementById(link.dataset.dialog) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open(link.dataset.dialog);
  });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open("search");
  } else if (event.key === "F1") {
    event.preventDefault();
    open("help");
  }
});

// Arrows go through what the search found; Enter in the field follows the first hit.
document.getElementById("search")?.addEventListener("keydown", (event) => {
  const stops = [document.getElementById("search-q"), ...document.querySelectorAll("#search-hits a")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(document.activeElement) + step))].focus();
  } else if (event.key === "Enter" && document.activeElement === stops[0] && stops[1] && !event.isComposing) {
    event.preventDefault();
    stops[1].click();
  }
});

for (const dialog of document.querySelectorAll("dialog.py-dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
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
