// What a person sees and does.

const FILES_AT_ONCE = 2;
const TEXT_SHOWN = 2000;
const byId = (id) => document.getElementById(id);
const said = byId("said");
const queue = [];
let running = 0;

class Row {
  constructor(file) {
    this.file = file;
    this.whole = false;
    this.samples = [];
    this.node = byId("row").content.firstElementChild.cloneNode(true);
    this.node.querySelector(".name").textContent = file.name;
    this.node.querySelector("progress").setAttribute("aria-label", `Progress of ${file.name}`);
    for (const button of this.node.querySelectorAll("button")) {
      button.setAttribute("aria-label", `${button.textContent}: ${file.name}`);
      button.addEventListener("click", () => this[button.dataset.act]());
    }
    byId("list").querySelector("ul").append(this.node);
    this.enqueue();
  }

  part(selector) {
    return this.node.querySelector(selector);
  }

  // state: waiting, sending, done, failed, cancelled
  show(state, note) {
    const before = document.activeElement;
    const left = this.node.contains(before) && before.tagName === "BUTTON";
    this.node.dataset.state = state;
    this.part(".note").textContent = note;
    const shown = {
      cancel: state === "waiting" || state === "sending",
      retry: state === "failed" || state === "cancelled",
      inOnePiece: state === "failed" && this.failure?.kind === "etag" && this.file.size <= FORM_MAX,
      dismiss: state === "done" || state === "failed" || state === "cancelled",
    };
    for (const button of this.node.querySelectorAll("button")) button.hidden = !shown[button.dataset.act];
    this.part(".error").hidden = state !== "failed";
    // Whoever works by keyboard stays in the row when the button that was pressed goes.
    if (left && before.hidden) this.part("button:not([hidden])").focus();
  }

  enqueue() {
    this.show("waiting", `${sizeText(this.file.size)} · waiting`);
    queue.push(this);
    next();
  }

  async start() {
    this.stop = new AbortController();
    this.samples = [];
    this.failure = null;
    this.show("sending", `${sizeText(this.file.size)} · starting`);
    this.part("progress").value = 0;
    try {
      const key = await upload(this.file, { whole: this.whole, signal: this.stop.signal, onSent: (bytes) => this.progress(bytes) });
      this.done(key);
    } catch (failure) {
      this.failed(failure instanceof Failure ? failure : new Failure("file", { said: String(failure) }));
    }
  }

  progress(bytes) {
    const now = performance.now();
    this.samples.push([now, bytes]);
    while (this.samples.length > 2 && now - this.samples[0][0] > 4000) this.samples.shift();
    const [[then, first]] = this.samples;
    const speed = now - then > 200 ? Math.max(0, (bytes - first) / ((now - then) / 1000)) : 0;
    const share = this.file.size ? bytes / this.file.size : 1;
    const note = [`${Math.floor(share * 100)} % of ${sizeText(this.file.size)}`];
    if (speed) note.push(`${sizeText(speed)}/s`);
    if (speed && bytes < this.file.size) note.push(`${timeText((this.file.size - bytes) / speed)} left`);
    this.part("progress").value = share;
    this.part(".note").textContent = note.join(" · ");
  }

  done(key) {
    this.show("done", `${sizeText(this.file.size)} · uploaded as ${key}`);
    said.textContent = `${this.file.name} is uploaded.`;
    this.preview();
    showUnfinished();
  }

  failed(failure) {
    this.failure = failure;
    const text = explain(failure, place.bucket);
    if (failure.kind === "cancelled") {
      this.show("cancelled", `${sizeText(this.file.size)} · cancelled`);
    } else {
      this.show("failed", `${sizeText(this.file.size)} · not uploaded`);
      this.part(".error p").textContent = text;
      this.part(".error pre").textContent = details(failure);
      this.part(".error details").hidden = !details(failure);
    }
    said.textContent = `${this.file.name}: ${text}`;
  }

  cancel() {
    if (this.node.dataset.state === "sending") return this.stop.abort();
    queue.splice(queue.indexOf(this), 1);
    this.failed(new Failure("cancelled"));
  }

  retry() {
    this.enqueue();
  }

  inOnePiece() {
    this.whole = true;
    this.enqueue();
  }

  dismiss() {
    const neighbour = this.node.nextElementSibling ?? this.node.previousElementSibling;
    if (this.url) URL.revokeObjectURL(this.url);
    this.node.remove();
    byId("list").hidden = !byId("list").querySelector("li");
    (neighbour?.querySelector("button:not([hidden])") ?? byId("file")).focus();
    showUnfinished();
  }

  // Of the file itself: the permission to upload is none to read what lies in the bucket.
  async preview() {
    const box = this.part(".preview");
    const kind = /^(image|video|audio)\//.exec(this.file.type)?.[1];
    let node;
    if (kind) {
      this.url = URL.createObjectURL(this.file);
      node = document.createElement({ image: "img", video: "video", audio: "audio" }[kind]);
      node.src = this.url;
      if (kind === "image") node.alt = `Preview of ${this.file.name}`;
      else Object.assign(node, { controls: true, muted: true, preload: "metadata" });
      node.addEventListener("error", () => { box.hidden = true; });
    } else if (/^text\/|[/+](json|xml)$/.test(this.file.type)) {
      node = document.createElement("pre");
      node.tabIndex = 0;
      node.setAttribute("aria-label", `Beginning of ${this.file.name}`);
      const text = await this.file.slice(0, TEXT_SHOWN * 4).text().catch(() => "");
      node.textContent = text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN)}…` : text;
    }
    if (!node) return;
    box.replaceChildren(node);
    box.hidden = false;
  }
}

async function next() {
  while (running < FILES_AT_ONCE && queue.length) {
    running += 1;
    queue.shift().start().finally(() => {
      running -= 1;
      next();
    });
  }
}

function add(files) {
  if (!files.length) return;
  byId("list").hidden = false;
  for (const file of files) new Row(file);
  showUnfinished();
}

function showUnfinished() {
  const box = byId("unfinished");
  const busy = new Set([...document.querySelectorAll(".row:not([data-state=done]) .name")].map((node) => node.textContent));
  const items = unfinished.all().filter(({ record }) => !busy.has(record.name)).map(({ mark, record }) => {
    const item = document.createElement("li");
    item.className = "row";
    const share = Math.floor((Object.keys(record.etags).length * record.partSize * 100) / record.size);
    item.append(byId("row").content.querySelector(".head").cloneNode(true));
    item.querySelector(".name").textContent = record.name;
    item.querySelector(".note").textContent = `${Math.min(99, share)} % of ${sizeText(record.size)} is there`;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "Forget" });
    button.setAttribute("aria-label", `Forget: ${record.name}`);
    button.addEventListener("click", () => { unfinished.forget(mark); showUnfinished(); byId("file").focus(); });
    item.querySelector(".buttons").replaceChildren(button);
    return item;
  });
  box.querySelector("ul").replaceChildren(...items);
  box.hidden = !items.length;
}

function begin() {
  const input = byId("file");
  const drop = byId("drop");
  const types = place.types.split(",").filter(Boolean);
  const most = Number(place.maxSize);
  input.accept = types.join(",");
  byId("hint").textContent = [
    types.length && types.map((type) => type.split("/")[1].toUpperCase()).join(", "),
    most && `up to ${sizeText(most)} each`,
  ].filter(Boolean).join(" · ");
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  let depth = 0;
  addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    drop.classList.add("over");
  });
  addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) drop.classList.remove("over");
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  addEventListener("beforeunload", (event) => {
    if (running) event.preventDefault();
  });
  showUnfinished();
}

begin();
