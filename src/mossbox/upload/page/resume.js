// What is kept of uploads in parts, so that they go on after a reload: no key, no token, no URL.

const KEPT = "mossbox-upload:";
const KEPT_MS = 7 * 24 * 3600 * 1000;

// Tells a file from another, and from an older state of itself, without reading all of it.
async function fingerprint(file) {
  const edge = 65536;
  const middle = Math.floor(file.size / 2);
  let [a, b] = [0x811c9dc5, 0x01234567];
  for (const from of [0, middle, Math.max(0, file.size - edge)]) {
    for (const byte of new Uint8Array(await file.slice(from, from + edge).arrayBuffer())) {
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x5bd1e995) ^ (b >>> 15);
    }
  }
  const hash = [a, b].map((one) => (one >>> 0).toString(16).padStart(8, "0")).join("");
  return [hash, file.size, file.lastModified, file.name].join("|");
}

const unfinished = {
  find(mark) {
    try {
      return JSON.parse(localStorage.getItem(KEPT + mark));
    } catch {
      return null;
    }
  },

  keep(mark, record) {
    try {
      localStorage.setItem(KEPT + mark, JSON.stringify({ ...record, kept: Date.now() }));
    } catch {
      // Full or forbidden: then it does not go on after a reload, and that is all.
    }
  },

  forget(mark) {
    try {
      localStorage.removeItem(KEPT + mark);
    } catch {
      // As above.
    }
  },

  all() {
    let names = [];
    try {
      names = Object.keys(localStorage).filter((name) => name.startsWith(KEPT));
    } catch {
      return [];
    }
    const found = names.map((name) => ({ mark: name.slice(KEPT.length), record: this.find(name.slice(KEPT.length)) }));
    for (const { mark, record } of found) if (!record || Date.now() - record.kept > KEPT_MS) this.forget(mark);
    return found.filter(({ record }) => record && Date.now() - record.kept <= KEPT_MS && record.host === place.host);
  },
};
