// The projector: arrows, space and the keys of a presenter go on and back; Escape leaves.

const KEYS = {
  ArrowRight: "next", PageDown: "next", " ": "next",
  ArrowLeft: "previous", PageUp: "previous",
  Escape: "leave",
};

document.addEventListener("keydown", (event) => {
  const link = KEYS[event.key] && document.querySelector(`[data-go=${KEYS[event.key]}]`);
  if (!link || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  location.assign(link.href);
});
