// The review station: keys, zoom and prefetch over a page that works without them.

import { actionOf, isText } from "./review-keys.js";
import { boxOf, inside, partOf, wholePage, zoomed } from "./review-view.js";

const find = (selector) => document.querySelector(selector);
const sheet = find("#sheet");
const form = find("#decide");
const help = find("#keys-help");
const STEP = 1.25;

// --- the image -------------------------------------------------------------------------------------------------
let look = null;
let arrived = !sheet; // the image is here: held arrows wait for it

const page = () => ({ width: Number(sheet.dataset.width), height: Number(sheet.dataset.height) });
const frame = () => ({ width: sheet.clientWidth, height: sheet.clientHeight });
const focus = () => sheet.dataset.focus.split(" ").map(Number);

function show(next) {
  look = next;
  const box = boxOf(look, page(), frame());
  sheet.setAttribute("viewBox", box.map((value) => value.toFixed(3)).join(" "));
  find("#zoom").value = `${Math.round(look.zoom * 100)} %`;
  const names = ["x", "y", "width", "height"];
  const limits = [page().width, page().height];
  const start = [Math.max(box[0], 1), Math.max(box[1], 1)];
  const size = [0, 1].map((n) => Math.max(Math.min(box[n] + box[n + 2], limits[n] - 1) - start[n], 1));
  [...start, ...size].forEach((value, n) => find("#band").setAttribute(names[n], value));
}

function toFrame(whole) {
  sessionStorage.setItem("review-frame", whole ? "page" : "part");
  show(whole ? wholePage(page()) : partOf(focus(), page(), frame()));
}

function isWhole() {
  return sessionStorage.getItem("review-frame") === "page";
}

function setOutlines(on) {
  sessionStorage.setItem("review-outlines", on ? "on" : "off");
  sheet.classList.toggle("no-outlines", !on);
  find("[data-act=outlines]").setAttribute("aria-pressed", String(on));
}

function pointAt(event, svg) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
}

function onWheel(event) {
  event.preventDefault();
  show(zoomed(look, Math.exp(-event.deltaY / 400), pointAt(event, sheet)));
}

function onDrag(event) {
  if (event.button !== 0) return;
  let last = { x: event.clientX, y: event.clientY };
  let moved = 0;
  const move = (at) => {
    const scale = sheet.getScreenCTM().a;
    moved += Math.abs(at.clientX - last.x) + Math.abs(at.clientY - last.y);
    if (moved > 4 && !sheet.classList.contains("is-dragged")) {
      sheet.classList.add("is-dragged");
      sheet.setPointerCapture(event.pointerId);
    }
    show({ ...look, x: look.x - (at.clientX - last.x) / scale, y: look.y - (at.clientY - last.y) / scale });
    last = { x: at.clientX, y: at.clientY };
  };
  const stop = () => {
    sheet.removeEventListener("pointermove", move);
    setTimeout(() => sheet.classList.remove("is-dragged")); // after the click that ends a drag
  };
  sheet.addEventListener("pointermove", move);
  sheet.addEventListener("pointerup", stop, { once: true });
  sheet.addEventListener("pointercancel", stop, { once: true });
}

function startImage() {
  toFrame(isWhole());
  setOutlines(sessionStorage.getItem("review-outlines") !== "off");
  new ResizeObserver(() => show(look)).observe(sheet);
  sheet.addEventListener("wheel", onWheel, { passive: false });
  sheet.addEventListener("pointerdown", onDrag);
  sheet.addEventListener("dragstart", (event) => event.preventDefault());
  sheet.addEventListener("click", (event) => sheet.classList.contains("is-dragged") && event.preventDefault(), true);
  find("#overview").addEventListener("click", (event) => {
    const point = pointAt(event, find("#overview"));
    show(inside({ ...look, x: point.x, y: point.y }, page(), frame()));
  });
  for (const pick of sheet.querySelectorAll(".rv-pick")) {
    pick.addEventListener("click", () => sheet.classList.contains("is-dragged") || press(pick.dataset.choice));
  }
  load(sheet.dataset.picture).finally(() => {
    arrived = true;
    const ahead = find("#prefetch");
    if (ahead) load(ahead.dataset.picture);
  });
}

async function load(address) {
  const image = new Image();
  image.src = address;
  await image.decode().catch(() => {}); // a missing picture shows as such; keys must go on
}

// --- the decision ----------------------------------------------------------------------------------------------
const buttons = () => [...(form?.querySelectorAll("[name=verdict]") ?? [])];
const chosen = () => buttons().filter((button) => button.checked);
let sent = false;
const opened = chosen().map((button) => button.value).join();

function press(key) {
  const button = buttons().find((each) => each.dataset.key === String(key));
  if (!button) return;
  button.checked = button.type === "radio" || !button.checked;
  button.dispatchEvent(new Event("change", { bubbles: true }));
}

function onChange(event) {
  const only = ["blank", "invalid"].includes(event.target.value);
  for (const other of buttons()) {
    if (other === event.target || !event.target.checked || other.type === "radio") continue;
    if (only || ["blank", "invalid"].includes(other.value)) other.checked = false;
  }
  showChosen();
}

function showChosen() {
  find("#choose-first").hidden = true;
  const keys = chosen().map((button) => button.dataset.key);
  for (const pick of document.querySelectorAll(".rv-pick")) {
    pick.classList.toggle("is-chosen", keys.includes(pick.dataset.choice));
  }
}

function save() {
  if (form) form.requestSubmit();
}

/** Sent once: a second Enter while the answer is under way would contradict the first. */
function onSubmit(event) {
  if (sent) return event.preventDefault();
  if (chosen().length) {
    sent = true;
    return;
  }
  event.preventDefault();
  find("#choose-first").hidden = false;
}

/** An unsaved choice is dropped first; then the decision here is undone, else the person's last one. */
function undo() {
  const unsaved = chosen().map((button) => button.value).join() !== opened;
  if (!unsaved) return find("#undo")?.requestSubmit();
  for (const button of buttons()) button.checked = opened.split(",").includes(button.value);
  showChosen();
}

function writeNote() {
  const note = find("#note");
  if (!note) return;
  note.hidden = find("#note-label").hidden = false;
  note.focus();
}

// --- going on --------------------------------------------------------------------------------------------------
function go(name, held) {
  if (held && !arrived) return;
  const link = find(`[data-go=${name}]`);
  if (link) location.assign(link.href);
}

const ACTS = {
  choose: ({ choice }) => press(choice),
  blank: () => press("0"),
  invalid: () => press("V"),
  save,
  undo,
  note: writeNote,
  skip: () => go("skip", false),
  previous: ({ held }) => go("previous", held),
  next: ({ held }) => go("next", held),
  onPage: ({ held }) => go("onPage", held),
  frame: () => sheet && toFrame(!isWhole()),
  larger: () => sheet && show(zoomed(look, STEP, look)),
  smaller: () => sheet && show(zoomed(look, 1 / STEP, look)),
  outlines: () => sheet && setOutlines(sheet.classList.contains("no-outlines")),
  help: () => (help.open ? help.close() : help.showModal()),
};

function onKey(event) {
  if (event.key === "Escape" && isText(event.target) && !event.isComposing) return event.target.blur();
  const found = actionOf(event);
  if (!found || (help.open && found.action !== "help")) return;
  if (event.repeat && !["previous", "next", "larger", "smaller"].includes(found.action)) return event.preventDefault();
  event.preventDefault();
  if (sent) return;
  ACTS[found.action]({ ...found, held: event.repeat });
}

document.addEventListener("keydown", onKey);
for (const button of document.querySelectorAll("button[type=button][data-act]")) {
  button.addEventListener("click", () => {
    ACTS[button.dataset.act]({});
    if (button.dataset.act !== "note") button.blur(); // so that Tab and Enter serve the page again
  });
}
find("[form=undo]")?.addEventListener("click", (event) => {
  event.preventDefault();
  undo();
});
if (form) {
  form.addEventListener("change", onChange);
  form.addEventListener("submit", onSubmit);
  addEventListener("pageshow", () => (sent = false)); // back by the browser: the page is as it was left
  showChosen();
}
if (sheet) startImage();

// --- the lease: others see who has this open -------------------------------------------------------------------
const RENEW_MS = 60_000;
const lease = find("#lease");
if (lease) setInterval(() => fetch(lease.action, { method: "POST", body: new FormData(lease) }), RENEW_MS);
