// What went wrong, in words for the person in front of the page.

class Failure extends Error {
  // kind: cancelled, offline, mixed, unreachable, cors, lost, etag, server, store
  constructor(kind, more = {}) {
    super(kind);
    Object.assign(this, { kind, code: "", said: "", status: 0, method: "", requestId: "" }, more);
  }

  get expired() {
    return this.code === "SecurityTokenExpired" || (this.code === "AccessDenied" && /expired/i.test(this.said));
  }

  get passing() {
    return this.kind === "lost" || this.status >= 500;
  }
}

const ANSWERS = {
  AccessDenied: () => "The store does not permit this upload.",
  EntityTooLarge: () => "The file is larger than is allowed here.",
  EntityTooSmall: () => "The file is smaller than is allowed here.",
  FileAlreadyExists: () => "There is a file of this name already, and it may not be replaced.",
  InvalidAccessKeyId: () => "The store does not know the key that this page's server uses.",
  NoSuchBucket: (bucket) => `There is no bucket called ${bucket}.`,
  NoSuchUpload: () => "The store has forgotten the part that was uploaded before. Retry begins anew.",
  RequestTimeTooSkewed: () => "The clock of this page's server or of the store is wrong.",
  SignatureDoesNotMatch: () => "The store does not accept the signature of this page's server: its key is wrong, or the file's type changed on the way.",
};

function explain(failure, bucket) {
  const owner = "Whoever looks after the bucket can change that.";
  switch (failure.kind) {
    case "cancelled":
      return "Cancelled.";
    case "offline":
      return "You are offline. Retry when the connection is back.";
    case "mixed":
      return "This page came over https and the store is reached over http, which browsers forbid. The store needs https, too.";
    case "unreachable":
      return "The store can't be reached. Is it running, and is its address right?";
    case "lost":
      return "The connection to the store broke off.";
    case "cors":
      return `The bucket ${bucket} does not let this page in: it needs a CORS rule that allows the method ${failure.method} and all headers for the origin ${location.origin}. ${owner}`;
    case "etag":
      return `Big files are uploaded in parts, and for that the CORS rule of the bucket ${bucket} must expose the header ETag, which it does not. ${owner}`;
    case "server":
      return failure.said || "This page's server does not answer. Is it still running?";
    case "file":
      return "This can't be read. Is it a folder, or was it moved or changed?";
    default:
      if (failure.expired) return "The permission to upload ran out. Retry gets a new one.";
      if (failure.status >= 500) return "The store has a fault at the moment. Retry in a while.";
      if (failure.code in ANSWERS) return ANSWERS[failure.code](bucket);
      return `The store refused the file (${failure.code || failure.status}).`;
  }
}

function details(failure) {
  const lines = [
    failure.status && `HTTP ${failure.status} ${failure.code}`.trim(), failure.kind === "store" && failure.said,
    failure.requestId && `Request ${failure.requestId}`,
  ];
  return lines.filter(Boolean).join("\n");
}

function sizeText(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${unit && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

function timeText(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
