// Drives a Mossbox server through ali-oss, one step an operation, and prints what the client saw
// as one JSON object. It asserts nothing: tests/conformance/test_ali_oss.py does.

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { Readable } = require('stream');

const OSS = require('ali-oss');

const given = JSON.parse(fs.readFileSync(0, 'utf8'));
const { port, region, keyId, secret, v4, bucket, keys, folder } = given;
const facts = {};

function clientOf(options) {
  return new OSS({
    region: `oss-${region}`,
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: keyId,
    accessKeySecret: secret,
    authorizationV4: v4,
    ...options,
  });
}

const store = clientOf({ bucket });
const wide = clientOf({ bucket, headerEncoding: 'latin1' }); // sends UTF-8 in headers
const named = clientOf({ bucket, endpoint: `http://oss.test:${port}` }); // a URL needs a name
const other = clientOf({ bucket, accessKeyId: given.otherKeyId, accessKeySecret: given.otherSecret });

async function refusal(promise) {
  try {
    await promise;
    return 'no refusal';
  } catch (error) {
    return { code: error.code, status: error.status, ec: error.ecCode, host: error.hostId };
  }
}

// A signed URL names a host that does not resolve: connect to the server, keep the Host.
function fetchUrl(url, method, headers, body) {
  const { host, pathname, search } = new URL(url);
  const asked = { host: '127.0.0.1', port, method, path: pathname + search };
  return new Promise((resolve, reject) => {
    const request = http.request({ ...asked, headers: { ...headers, host } }, answer => {
      const parts = [];
      answer.on('data', part => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: answer.statusCode, headers: answer.headers, body: text });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function readAll(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const steps = {
  async PutBucket() {
    const made = await store.putBucket(bucket);
    const options = { acl: 'public-read', storageClass: 'IA', dataRedundancyType: 'ZRS' };
    const special = await store.putBucket(`${bucket}-special`, options);
    return {
      name: made.bucket,
      status: made.res.status,
      special: special.bucket,
      again: (await store.putBucket(bucket)).res.status,
      theirs: await refusal(other.putBucket(bucket)),
    };
  },

  async GetBucketInfo() {
    return {
      bucket: (await store.getBucketInfo(bucket)).bucket,
      special: (await store.getBucketInfo(`${bucket}-special`)).bucket,
      theirs: await refusal(other.getBucketInfo(bucket)),
    };
  },

  async ListBuckets() {
    const found = await store.listBuckets({ prefix: bucket, 'max-keys': 1 });
    const rest = await store.listBuckets({ prefix: bucket, marker: found.nextMarker });
    return { first: found.buckets, truncated: found.isTruncated, owner: found.owner, rest: rest.buckets };
  },

  async DeleteBucket() {
    const special = clientOf({ bucket: `${bucket}-special` });
    await special.put('key', Buffer.from('x'));
    const full = await refusal(store.deleteBucket(`${bucket}-special`));
    await special.delete('key');
    const status = (await store.deleteBucket(`${bucket}-special`)).res.status;
    return { full, status, gone: await refusal(store.deleteBucket(`${bucket}-special`)) };
  },

  async GetBucketLocation() {
    return (await store.getBucketLocation(bucket)).location;
  },

  async BucketAcl() {
    const seen = [];
    for (const acl of ['public-read-write', 'public-read', 'private']) {
      await store.putBucketACL(bucket, acl);
      seen.push((await store.getBucketACL(bucket)).acl);
    }
    const made = await store.putBucketACL(`${bucket}-acl`, 'public-read');
    await store.deleteBucket(`${bucket}-acl`);
    return { seen, made: made.bucket, wrong: await refusal(store.putBucketACL(bucket, 'open')) };
  },

  async PutObject() {
    const put = await wide.put('dir/put.txt', Buffer.from('hello'), {
      mime: 'text/plain',
      meta: { one: '1', 'one-more': '2', name: 'Ümläut 中文' },
      headers: {
        'Cache-Control': 'max-age=60',
        'Content-Disposition': 'attachment; filename="a b.txt"',
        'Content-Encoding': 'identity',
        'Content-Language': 'zh-CN',
        Expires: 'Fri, 28 Feb 2031 05:38:42 GMT',
        'x-oss-storage-class': 'IA',
        'x-oss-object-acl': 'public-read',
      },
    });
    const file = path.join(folder, 'from-file.bin');
    fs.writeFileSync(file, crypto.randomBytes(200000));
    await store.put('from-file', file);
    await store.putStream('streamed', Readable.from([Buffer.alloc(70000, 1), Buffer.alloc(70000, 2)]));
    await store.put('empty', Buffer.alloc(0));
    const md5 = crypto.createHash('md5').update('other').digest('base64');
    return {
      status: put.res.status,
      headers: put.res.headers,
      file: fs.readFileSync(file).equals((await store.get('from-file')).content),
      streamed: (await store.get('streamed')).content.length,
      empty: (await store.get('empty')).content.length,
      md5: await refusal(store.put('dir/put.txt', Buffer.from('x'), { headers: { 'Content-MD5': md5 } })),
      forbidden: await refusal(
        store.put('dir/put.txt', Buffer.from('x'), { headers: { 'x-oss-forbid-overwrite': 'true' } })
      ),
      after: (await store.get('dir/put.txt')).content.toString(),
    };
  },

  async ForbidOverwrite() {
    const headers = { 'x-oss-forbid-overwrite': 'true' };
    const tries = Array.from({ length: 32 }, (_, n) => store.put('once', Buffer.from(`${n}`), { headers }));
    const ends = await Promise.allSettled(tries);
    return ends.map(end => (end.status === 'fulfilled' ? 'kept' : end.reason.code)).sort();
  },

  async GetObject() {
    const got = await store.get('dir/put.txt');
    const range = (value, more) => store.get('dir/put.txt', { headers: { Range: value, ...more } });
    const seen = answer => [answer.res.status, answer.content.toString()];
    const file = path.join(folder, 'down.txt');
    await store.get('dir/put.txt', file);
    const { stream } = await store.getStream('dir/put.txt');
    return {
      content: got.content.toString(),
      headers: got.res.headers,
      file: fs.readFileSync(file, 'utf8'),
      stream: (await readAll(stream)).toString(),
      inside: seen(await range('bytes=1-2')),
      beyond: seen(await range('bytes=1-99')),
      standard: seen(await range('bytes=1-99', { 'x-oss-range-behavior': 'standard' })),
      unsatisfiable: await refusal(range('bytes=9-', { 'x-oss-range-behavior': 'standard' })),
      missing: await refusal(store.get('no such key')),
    };
  },

  async Conditions() {
    const head = await store.head('dir/put.txt');
    const { etag, 'last-modified': date } = head.res.headers;
    const seen = {};
    const cases = {
      'If-Match': [etag, '"0"'],
      'If-None-Match': [etag, '"0"'],
      'If-Modified-Since': [date, new Date(1000).toUTCString()],
      'If-Unmodified-Since': [date, new Date(1000).toUTCString()],
    };
    for (const [name, values] of Object.entries(cases)) {
      seen[name] = [];
      for (const value of values) {
        const options = { headers: { [name]: value } };
        const got = await store.get('dir/put.txt', options).catch(error => ({ res: error }));
        const looked = await store.head('dir/put.txt', options).catch(error => error);
        seen[name].push([got.res.status, looked.status]);
      }
    }
    return seen;
  },

  async HeadObject() {
    const head = await store.head('dir/put.txt');
    return {
      headers: head.res.headers,
      meta: head.meta,
      missing: await refusal(store.head('no such key')),
    };
  },

  async GetObjectMeta() {
    const meta = await store.getObjectMeta('dir/put.txt');
    return { headers: meta.res.headers, missing: await refusal(store.getObjectMeta('no such key')) };
  },

  async ObjectAcl() {
    const seen = [(await store.getACL('dir/put.txt')).acl];
    for (const acl of ['public-read-write', 'private', 'default']) {
      await store.putACL('dir/put.txt', acl);
      seen.push((await store.getACL('dir/put.txt')).acl);
    }
    return { seen, theirs: await refusal(other.get('dir/put.txt')) };
  },

  async SignedUrls() {
    const url = async (method, options, name = 'dir/signed 中文+.txt') => {
      if (!v4) return named.signatureUrl(name, { method, expires: 60, ...options });
      const headers = options['Content-Type'] ? { 'Content-Type': options['Content-Type'] } : {};
      const queries = {};
      for (const [key, value] of Object.entries(options.response || {})) queries[`response-${key}`] = value;
      return named.signatureUrlV4(method, 60, { headers, queries }, name);
    };
    const put = await url('PUT', { 'Content-Type': 'text/signed' });
    const sent = await fetchUrl(put, 'PUT', { 'content-type': 'text/signed' }, 'signed body');
    const wrong = await fetchUrl(put, 'PUT', { 'content-type': 'text/other' }, 'other body');
    const get = await url('GET', {});
    const shown = await fetchUrl(
      await url('GET', { response: { 'content-type': 'text/shown', 'cache-control': 'no-store' } }), 'GET', {}
    );
    return {
      put: sent.status,
      wrong: [wrong.status, /<Code>(.*)<\/Code>/.exec(wrong.body)[1]],
      get: await fetchUrl(get, 'GET', {}),
      misused: (await fetchUrl(get, 'DELETE', {})).status,
      shown: [shown.headers['content-type'], shown.headers['cache-control'], shown.body],
    };
  },

  async Keys() {
    const wrong = [];
    for (const key of keys) await store.put(key, Buffer.from(key)).catch(error => wrong.push([key, error.code]));
    for (const key of keys) {
      if ((await store.get(key)).content.toString() !== key) wrong.push(key);
    }
    return { wrong };
  },

  async DeleteObject() {
    for (const key of ['dir/signed 中文+.txt', 'from-file', 'streamed', 'empty', 'once']) await store.delete(key);
    const status = (await store.delete('dir/put.txt')).res.status;
    return { status, again: (await store.delete('dir/put.txt')).res.status };
  },

  async ListObjects() {
    const listed = [];
    const sizes = [];
    let marker;
    do {
      const page = await store.list({ ...marker, 'max-keys': 4, 'encoding-type': 'url' });
      listed.push(...page.objects.map(item => decodeURIComponent(item.name)));
      sizes.push(page.objects.length);
      // This client leaves names as encoded as they came.
      marker = page.nextMarker && { marker: decodeURIComponent(page.nextMarker) };
    } while (marker);
    const grouped = await store.list({ prefix: 'a/', delimiter: '/', 'max-keys': 10, 'encoding-type': 'url' });
    return {
      listed,
      sizes,
      one: (await store.list({ prefix: 'plain', 'max-keys': 1 })).objects[0],
      grouped: [grouped.objects.map(item => decodeURIComponent(item.name)), grouped.prefixes.map(decodeURIComponent)],
      wrong: await refusal(store.list({ 'max-keys': 1001 })),
    };
  },

  async ListObjectsV2() {
    const listed = [];
    const groups = [];
    let token;
    do {
      const page = await store.listV2({
        'max-keys': 3, delimiter: '/', 'continuation-token': token, 'encoding-type': 'url',
      });
      listed.push(...(page.objects || []).map(item => decodeURIComponent(item.name)));
      groups.push(...(page.prefixes || []).map(decodeURIComponent));
      token = page.nextContinuationToken;
    } while (token);
    const owned = await store.listV2({ 'max-keys': 1, 'fetch-owner': true, 'encoding-type': 'url' });
    return { listed, groups, owner: owned.objects[0].owner, count: owned.keyCount };
  },

  async GetBucketStat() {
    return (await store.getBucketStat(bucket)).stat;
  },

  async DeleteMultipleObjects() {
    const first = await store.deleteMulti(given.plainKeys);
    const rest = keys.filter(key => !given.plainKeys.includes(key));
    const quiet = await store.deleteMulti(rest, { quiet: true });
    const left = (await store.list({ 'max-keys': 1000 })).objects || [];
    return {
      left: left.map(item => item.name), deleted: first.deleted.map(item => item.Key || item), quiet: quiet.deleted };
  },

  async Directory() {
    const files = given.files;
    for (const [name, file] of Object.entries(files)) await store.put(name, file);
    const sums = {};
    for (const name of Object.keys(files)) {
      const file = path.join(folder, 'back', name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      await store.get(name, file);
      sums[name] = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    }
    return sums;
  },

  async Errors() {
    const unknown = clientOf({ bucket, accessKeyId: 'unknown' });
    const wrong = clientOf({ bucket, accessKeySecret: 'wrong' });
    const nowhere = clientOf({ bucket: `${bucket}-no` });
    return {
      unknown: await refusal(unknown.get('key')),
      wrong: await refusal(wrong.get('key')),
      wrongHead: await refusal(wrong.head('key')),
      nowhere: await refusal(nowhere.get('key')),
      nowhereHead: await refusal(nowhere.head('key')),
    };
  },
};

async function main() {
  for (const [name, step] of Object.entries(steps)) {
    try {
      facts[name] = await step();
    } catch (error) {
      facts[name] = { failed: `${error.stack}` };
    }
  }
  process.stdout.write(JSON.stringify(facts));
}

main();
