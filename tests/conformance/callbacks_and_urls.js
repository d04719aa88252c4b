// Callbacks and signed URLs through ali-oss; reads JSON from standard input, prints what it saw.

const { readFileSync } = require('fs');
const http = require('http');

const OSS = require('ali-oss');

const given = JSON.parse(readFileSync(0));
const store = new OSS({
  region: `oss-${given.region}`,
  endpoint: given.what === 'urls' ? `http://oss.test:${given.port}` : `http://127.0.0.1:${given.port}`,
  accessKeyId: given.keyId,
  accessKeySecret: given.secret,
  authorizationV4: given.v4,
  bucket: given.bucket,
  retryMax: 0,
});
const callback = url => ({
  callback: { url, body: given.body, contentType: given.contentType, customValue: { my_var: 'for callback/test' } },
});

async function told(promise) {
  try {
    const { res, data } = await promise;
    return { status: res.status, data };
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message };
  }
}

function sent(url, headers) {
  const { host, pathname, search } = new URL(url); // whose name nobody resolves here
  const asked = { host: '127.0.0.1', port: given.port, method: 'PUT', path: pathname + search };
  return new Promise((resolve, reject) => {
    const request = http.request({ ...asked, headers: { ...headers, host } }, answer => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    });
    request.on('error', reject);
    request.end('hello');
  });
}

async function callbacks() {
  const parts = { partSize: 102400, headers: { 'content-type': 'a/b' } };
  return {
    put: await told(store.put('put', Buffer.from('hello'), callback(given.url))),
    failed: await told(store.put('failed', Buffer.from('hello'), callback(given.gone))),
    kept: (await store.get('failed')).content.toString(),
    whole: await told(store.multipartUpload('whole', Buffer.alloc(250000), { ...parts, ...callback(given.url) })),
  };
}

async function urls() {
  const headers = {
    'Content-Type': 'text/signed',
    'x-oss-meta-a': '1',
    'x-oss-object-acl': 'private',
    'x-oss-forbid-overwrite': 'true',
  };
  const url = given.v4
    ? await store.signatureUrlV4('PUT', 60, { headers }, 'signed')
    : store.signatureUrl('signed', { method: 'PUT', expires: 60, ...headers });
  const { 'x-oss-meta-a': _, ...without } = headers;
  return {
    wrong: await sent(url, { ...headers, 'Content-Type': 'text/other' }),
    without: await sent(url, without),
    right: await sent(url, headers),
    again: await sent(url, headers),
  };
}

(given.what === 'urls' ? urls() : callbacks()).then(found => console.log(JSON.stringify(found)));
