// Merging: drag, keys, what may belong together.

let at = 0;
let asked = 0;
const board = () => document.querySelector("#board");
const raws = () => [...board().querySelectorAll(".raws .raw:has(input)")];
const chosen = () => [...board().querySelectorAll('input[name="raw"]:checked')];

function send(action, merged = "", extra = []) {
  const form = board();
  form.querySelector("#merged").value = merged;
  for (const value of extra) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "raw", value });
    form.append(field);
  }
  form.requestSubmit(submitter(action));
}

function submitter(action) {
  const form = board();
  const known = form.querySelector(`button[name="action"][value="${action}"]`);
  if (known) return known;
  const button = document.createElement("button");
  Object.assign(button, { name: "action", value: action, hidden: true });
  form.append(button);
  return button;
}

function move(by) {
  const list = raws();
  if (!list.length) return;
  at = Math.max(0, Math.min(list.length - 1, at + by));
  list.forEach((row, place) => row.classList.toggle("at", place === at));
  list[at].scrollIntoView({ block: "nearest" });
}

function choose(value) {
  const box = raws()[at]?.querySelector("input");
  if (box) box.checked = value ?? !box.checked;
  changed();
}

async function changed() {
  const boxes = chosen();
  board().querySelector("#chosen").textContent = boxes.length || "";
  const number = ++asked;
  let near = [];
  if (boxes.length) {
    const query = new URLSearchParams(boxes.slice(0, 20).map((box) => ["raw", box.value]));
    const answer = await fetch(`${board().dataset.similar}?${query}`, { headers: { Accept: "application/json" } });
    if (answer.ok) near = (await answer.json()).merged;
  }
  if (number !== asked) return;
  const list = board().querySelector(".mergeds");
  for (const row of list.children) row.classList.toggle("near-it", near.includes(Number(row.dataset.id)));
  for (const id of [...near].reverse()) list.prepend(list.querySelector(`[data-id="${id}"]`));
}

function put(id) {
  if (!chosen().length) choose(true);
  if (chosen().length) send("put", id);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("button");
  if (!target || !board()?.contains(target)) return;
  if (target.classList.contains("put")) put(target.dataset.id);
  else if (target.classList.contains("take-out")) {
    chosen().forEach((box) => { box.checked = false; });
    send("take-out", target.dataset.merged, [target.dataset.raw]);
  } else if (target.classList.contains("choose")) {
    target.closest("ul").querySelectorAll('input[name="raw"]').forEach((box) => { box.checked = true; });
    changed();
  } else if (target.classList.contains("dissolve")) send("dissolve", target.closest(".edit").dataset.id);
  else if (target.classList.contains("reword")) reword(target.closest(".edit").dataset);
});

function reword({ id, text, category, item, about }) {
  const fields = board().querySelector("#new-one");
  fields.querySelector('[name="text"]').value = text;
  fields.querySelector('[name="category"]').value = category;
  fields.querySelector('[name="item"]').value = item;
  fields.querySelector('[name="about"]').value = about;
  const button = fields.querySelector("button");
  button.value = "edit";
  button.lastChild.textContent = board().querySelector(".reword").lastChild.textContent;
  board().querySelector("#merged").value = id;
  fields.querySelector('[name="text"]').focus();
}

document.addEventListener("change", (event) => {
  if (event.target.name === "raw") changed();
});

document.addEventListener("input", (event) => {
  if (event.target.id !== "search") return;
  const wanted = event.target.value.trim();
  for (const row of board().querySelectorAll(".merged")) row.hidden = !row.querySelector(".put").textContent.includes(wanted);
});

document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.(".raw");
  if (!row) return;
  const box = row.querySelector("input");
  if (box && !box.checked) {
    chosen().forEach((other) => { other.checked = false; });
    box.checked = true;
    changed();
  }
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", row.textContent.trim());
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const row = event.target.closest?.(".merged");
    if (!row) return;
    row.classList.toggle("over", kind === "dragover");
    if (kind === "dragleave") return;
    event.preventDefault();
    if (kind === "drop") put(row.dataset.id);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !board()) return;
  const typing = event.target.matches('input:not([type="checkbox"]), textarea, select');
  if (event.key === "Escape" && typing) return event.target.blur();
  if (event.target.id === "search" && event.key === "Enter") {
    event.preventDefault();
    const first = [...board().querySelectorAll(".merged")].find((row) => !row.hidden);
    if (first) put(first.dataset.id);
    return;
  }
  if (typing || event.target.closest("button, summary, a")) return;
  const deeds = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), " ": () => choose(),
    Enter: () => board().querySelector("#search").focus(), n: () => board().querySelector('#new-one [name="text"]').focus(),
    x: () => { if (!chosen().length) choose(true); send("aside"); }, u: () => send("undo"),
  };
  const deed = deeds[event.key] ?? deeds[event.key.toLowerCase()];
  if (deed) {
    event.preventDefault();
    deed();
  }
});

document.addEventListener("htmx:afterSwap", () => move(0));
move(0);
