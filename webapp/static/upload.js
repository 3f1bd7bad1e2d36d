// Files dropped anywhere on the scan page, or chosen, are sent one after another with the bytes shown.
// Without this script the form still sends what was chosen.

const form = document.getElementById("drop");
const list = document.getElementById("uploads");
const words = form.dataset;
const pictures = `pictures ${form.action}`; // their batch outlives the page, which is loaded anew when a picture is read
const waiting = [];
let batch = "";
let busy = false;

function line(file) {
  const item = document.createElement("li");
  item.innerHTML = '<span class="nm"></span><span class="num dim"></span><span class="bar flex-fill" aria-hidden="true"><i></i></span><span class="flex-fill mut" hidden></span>';
  const [name, figures, bar, note] = item.children;
  name.textContent = file.name;
  list.append(item);
  list.hidden = false;
  return { item, figures, bar, note, fill: bar.firstElementChild };
}

function megabytes(bytes) {
  return (bytes / 1048576).toFixed(1);
}

function add(files, camera) {
  for (const file of files) waiting.push({ file, camera, row: line(file) });
  next();
}

function next() {
  const entry = busy ? null : waiting.shift();
  if (!entry) return;
  if (entry.file.size > Number(words.maxMb) * 1048576) {
    fail(entry, words.tooLarge, false);
    next();
    return;
  }
  busy = true;
  send(entry);
}

function send(entry) {
  const { file, camera, row } = entry;
  const joined = camera ? (sessionStorage.getItem(pictures) ?? "") : batch;
  const request = new XMLHttpRequest();
  request.open("POST", `${form.action}?${new URLSearchParams({ name: file.name, batch: joined })}`);
  request.setRequestHeader("Content-Type", "application/octet-stream"); // the file as it is: the server writes it once
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
  request.upload.addEventListener("progress", (event) => {
    row.figures.textContent = `${words.sending} ${megabytes(event.loaded)} / ${megabytes(event.total)} MB`;
    row.fill.style.width = `${(100 * event.loaded) / event.total}%`;
  });
  request.upload.addEventListener("load", () => (row.figures.textContent = words.storing));
  request.addEventListener("load", () => {
    if (request.status === 200 && request.response) {
      if (camera) sessionStorage.setItem(pictures, request.response.batch);
      else batch = request.response.batch;
      row.item.remove();
      list.hidden = !list.children.length;
      window.htmx.trigger("#files", "refresh");
    } else {
      fail(entry, request.response?.message ?? words.broken, true);
    }
    finish();
  });
  for (const name of ["error", "abort", "timeout"]) {
    request.addEventListener(name, () => {
      fail(entry, words.broken, true);
      finish();
    });
  }
  request.send(file);
}

function finish() {
  busy = false;
  next();
}

function fail(entry, message, again) {
  const { item, figures, bar, note } = entry.row;
  figures.textContent = "";
  bar.hidden = true;
  note.hidden = false;
  note.className = "flex-fill bad";
  note.setAttribute("role", "alert");
  note.textContent = message;
  if (!again) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = words.again;
  button.addEventListener("click", () => {
    item.remove();
    add([entry.file], entry.camera);
  });
  item.append(button);
}

// Pictures taken one after another with a phone join the batch of the first.
for (const id of ["choose", "camera"]) {
  document.getElementById(id).addEventListener("change", (event) => {
    add([...event.target.files], id === "camera");
    event.target.value = "";
  });
}

let depth = 0;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
window.addEventListener("dragenter", (event) => {
  if (hasFiles(event)) document.body.classList.toggle("is-dragging", ++depth > 0);
});
window.addEventListener("dragleave", (event) => {
  if (hasFiles(event)) document.body.classList.toggle("is-dragging", --depth > 0);
});
window.addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault();
});
window.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  document.body.classList.remove("is-dragging");
  add(event.dataTransfer.files, false);
});
window.addEventListener("beforeunload", (event) => {
  if (busy || waiting.length) event.preventDefault();
});
