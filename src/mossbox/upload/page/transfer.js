// How bytes get to the bucket: one signed form for a small file, signed URLs of parts for a big one.

const PART_FROM = 16 * 1024 * 1024; // from this size on a file goes in parts
const FORM_MAX = 5 * 1024 * 1024 * 1024;
const AT_ONCE = 3; // parts of one file
const URLS_AT_ONCE = 20;
const TRIES = 5;
const place = document.documentElement.dataset;
let reached = false; // the store has let this page read an answer

const pause = (ms, signal) =>
  new Promise((done, stop) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); stop(new Failure("cancelled")); }, { once: true });
  });

// -- this page's server

async function ask(path, parameters, signal) {
  const query = new URLSearchParams(parameters).toString();
  let answer;
  try {
    answer = await fetch(query ? `${path}?${query}` : path, { signal, headers: { Accept: "application/json" } });
  } catch {
    throw new Failure(signal.aborted ? "cancelled" : "server");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new Failure("server", { said: body.Message || `This page's server refused (${answer.status}).`, status: answer.status, code: body.Code || "" });
}

// -- the store

function send(method, url, { body = null, type = "", onSent = () => {}, signal }) {
  return new Promise((done, stop) => {
    const request = new XMLHttpRequest();
    let sent = 0;
    const abort = () => request.abort();
    const end = (finish) => { signal.removeEventListener("abort", abort); finish(); };
    request.open(method, url);
    if (type) request.setRequestHeader("Content-Type", type);
    if (body !== null) {
      request.upload.onprogress = (event) => { sent = event.loaded; onSent(event.loaded); };
    }
    request.onabort = () => end(() => stop(new Failure("cancelled")));
    request.onerror = () => end(() => silence(method, sent, signal).then(stop));
    request.onload = () => end(() => {
      reached = true;
      if (request.status >= 200 && request.status < 300) done(request);
      else stop(refusal(request, method));
    });
    if (signal.aborted) return stop(new Failure("cancelled"));
    signal.addEventListener("abort", abort);
    request.send(body);
  });
}

// A browser tells a script nothing of why there was no answer; so find out what can be found out.
async function silence(method, sent, signal) {
  if (signal.aborted) return new Failure("cancelled");
  if (!navigator.onLine) return new Failure("offline");
  if (location.protocol === "https:" && place.host.startsWith("http:")) return new Failure("mixed");
  if (sent > 0) return new Failure("lost");
  try {
    await fetch(place.host, { mode: "no-cors", cache: "no-store", credentials: "omit", signal });
  } catch {
    return new Failure(signal.aborted ? "cancelled" : reached ? "lost" : "unreachable");
  }
  return new Failure("cors", { method });
}

function refusal(request, method) {
  const value = (name) => element(request.responseText, name);
  return new Failure("store", { status: request.status, code: value("Code"), said: value("Message"), requestId: value("RequestId"), method });
}

// The browser's own parser would show its errors with styles, of which the page's policy complains.
function element(text, name) {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
  const signs = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return found.replace(/&(lt|gt|quot|apos|amp);/g, (_, sign) => signs[sign]);
}

function header(request, name) {
  // getResponseHeader would put a complaint on the console where the header is not exposed.
  for (const line of request.getAllResponseHeaders().split("\r\n")) {
    const [key, ...rest] = line.split(": ");
    if (key.toLowerCase() === name) return rest.join(": ");
  }
  return "";
}

async function renewing(work) {
  // What was signed may have run out while the file waited in the queue: ask once more.
  try {
    return await work();
  } catch (failure) {
    if (!failure.expired) throw failure;
    return work();
  }
}

function typeOf(file) {
  return file.type || "application/octet-stream";
}

// -- one form

async function uploadForm(file, { onSent, signal }) {
  return renewing(async () => {
    const permit = await ask("get_post_signature_for_oss_upload", { version: "V4", name: file.name, size: file.size, type: typeOf(file) }, signal);
    const form = new FormData();
    form.append("success_action_status", "200");
    form.append("policy", permit.policy);
    form.append("x-oss-signature", permit.signature);
    form.append("x-oss-signature-version", permit.x_oss_signature_version);
    form.append("x-oss-credential", permit.x_oss_credential);
    form.append("x-oss-date", permit.x_oss_date);
    if (permit.security_token) form.append("x-oss-security-token", permit.security_token);
    form.append("key", permit.dir + file.name);
    form.append("file", file);
    await send("POST", permit.host, { body: form, onSent: (bytes) => onSent(Math.min(bytes, file.size)), signal });
    return permit.dir + file.name;
  });
}

// -- parts

class PartsUpload {
  constructor(file, { onSent, signal }) {
    this.file = file;
    this.onSent = onSent;
    // A failure of one part ends the others too.
    this.stop = new AbortController();
    this.signal = this.stop.signal;
    signal.addEventListener("abort", () => this.stop.abort(), { once: true });
    if (signal.aborted) this.stop.abort();
    this.loaded = new Map();
    this.urls = new Map();
    this.asking = null;
  }

  async run() {
    const mark = await fingerprint(this.file);
    for (let fresh = false; ; fresh = true) {
      try {
        return await this.once(mark);
      } catch (failure) {
        if (failure.code !== "NoSuchUpload") throw failure;
        unfinished.forget(mark);
        if (fresh) throw failure;
      }
    }
  }

  async once(mark) {
    const { file } = this;
    this.asked = { name: file.name, size: file.size, type: typeOf(file) };
    const begin = await this.ask({});
    this.record = unfinished.find(mark);
    if (!this.record || this.record.key !== begin.key || this.record.partSize !== begin.part_size || this.record.host !== place.host) {
      this.record = { key: begin.key, host: place.host, partSize: begin.part_size, name: file.name, size: file.size, uploadId: await this.initiate(begin), etags: {} };
      unfinished.keep(mark, this.record);
    }
    this.count = Math.max(1, Math.ceil(file.size / this.record.partSize));
    this.loaded.clear();
    for (const number of Object.keys(this.record.etags)) this.loaded.set(Number(number), this.slice(Number(number)).size);
    this.tell();
    const missing = Array.from({ length: this.count }, (_, n) => n + 1).filter((n) => !this.record.etags[n]);
    await this.all(missing, async (number) => {
      this.record.etags[number] = await this.patiently(() => this.part(number));
      unfinished.keep(mark, this.record);
    });
    await this.patiently(() => this.complete());
    unfinished.forget(mark);
    return this.record.key;
  }

  ask(more) {
    return ask("get_multipart_urls_for_oss_upload", { ...this.asked, ...more }, this.signal);
  }

  async initiate(begin) {
    const answer = await this.patiently(() => send("POST", begin.initiate, { type: begin.content_type, signal: this.signal }));
    return element(answer.responseText, "UploadId");
  }

  slice(number) {
    const { partSize } = this.record;
    return this.file.slice((number - 1) * partSize, number * partSize);
  }

  // URLs come in batches; who needs one while a batch is under way waits for that.
  async url(number) {
    while (!this.urls.has(number)) {
      this.asking ??= this.ask({ upload_id: this.record.uploadId, parts: `${number}-${Math.min(this.count, number + URLS_AT_ONCE - 1)}` })
        .then((answer) => { for (const [n, url] of Object.entries(answer.parts)) this.urls.set(Number(n), url); })
        .finally(() => { this.asking = null; });
      await this.asking;
    }
    return this.urls.get(number);
  }

  async part(number) {
    const url = await this.url(number);
    const onSent = (bytes) => { this.loaded.set(number, bytes); this.tell(); };
    try {
      const answer = await send("PUT", url, { body: this.slice(number), onSent, signal: this.signal });
      const etag = header(answer, "etag");
      if (!etag) throw new Failure("etag");
      return etag;
    } catch (failure) {
      this.loaded.delete(number);
      if (failure.expired) this.urls.clear();
      throw failure;
    }
  }

  async complete() {
    const { complete } = await this.ask({ upload_id: this.record.uploadId });
    const list = Object.entries(this.record.etags).map(([n, etag]) => `<Part><PartNumber>${n}</PartNumber><ETag>${etag.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</ETag></Part>`);
    const body = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
    // As a blob: to a text some browsers add its charset, and the type is signed as it is.
    await send("POST", complete, { body: new Blob([body]), type: "application/xml", signal: this.signal });
  }

  // Try again what may pass: a broken connection, a fault of the store, a permission that ran out.
  async patiently(work) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (failure) {
        if (tries === TRIES || !(failure.passing || failure.expired)) throw failure;
        if (failure.passing) await pause(250 * 2 ** tries, this.signal);
      }
    }
  }

  async all(numbers, work) {
    const waiting = numbers.values();
    const worker = async () => { for (const number of waiting) await work(number); };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    } catch (failure) {
      this.stop.abort();
      throw failure;
    }
  }

  tell() {
    let bytes = 0;
    for (const one of this.loaded.values()) bytes += one;
    this.onSent(Math.min(bytes, this.file.size));
  }
}

async function upload(file, options) {
  const inParts = place.multipart === "yes" && !options.whole && (file.size >= PART_FROM || place.post === "no");
  try {
    // A file that was moved or changed can't be read, which a request would only call an error.
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Failure("file");
  }
  return inParts ? new PartsUpload(file, options).run() : uploadForm(file, options);
}
