// Transcription: Ctrl+Enter confirms; the list shows where one is.

const form = document.querySelector("#confirm");

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.querySelector(".op-list [aria-current]")?.scrollIntoView({ block: "nearest" });
const text = document.querySelector("#text");
if (text) {
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}
