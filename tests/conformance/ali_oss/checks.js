// Uses a Mossbox server through ali-oss: runs the checks named on the command line and prints one
// line for each, "ok NAME" or "not ok NAME: WHY". Where the server is comes from the environment.
// What can be done to single objects without parts or versions is tried by run.js.

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const OSS = require('ali-oss');

const { env } = process;
const bucket = env.BUCKET;
const folder = env.FOLDER;
const partSize = 256 << 10;
const noise = crypto.randomBytes((2 << 20) + 17);
const noiseFile = path.join(folder, 'noise.bin');
const resumable = path.join(folder, 'resumable.bin');
const checkpointFile = path.join(folder, 'checkpoint', 'up.json');

function clientOf(name) {
  return new OSS({
    region: `oss-${env.OSS_REGION}`,
    endpoint: env.OSS_ENDPOINT,
    accessKeyId: env.OSS_ACCESS_KEY_ID,
    accessKeySecret: env.OSS_ACCESS_KEY_SECRET,
    authorizationV4: env.OSS_SIGNATURE === 'v4',
    bucket: name,
    retryMax: 0,
  });
}

const store = clientOf(bucket);

async function refused(status, code, promise) {
  await assert.rejects(promise, error => {
    assert.deepStrictEqual([error.status, error.code], [status, code]);
    assert.strictEqual(error.requestId.length, 24);
    return true;
  });
}

async function read(key, options, from = store) {
  return (await from.get(key, options)).content;
}

async function post(fields, content = 'hello') {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('success_action_status', '200');
  form.append('file', new Blob([content], { type: 'text/plain' }), 'a.txt');
  const url = `${env.OSS_ENDPOINT}/${bucket}`;
  return (await fetch(url, { method: 'POST', body: form })).status;
}

async function upload(key) {
  const { uploadId } = await store.initMultipartUpload(key, { mime: 'text/parts', meta: { one: '1' } });
  const parts = [];
  for (let start = 0; start < noise.length; start += partSize) {
    const end = Math.min(start + partSize, noise.length);
    const number = parts.length + 1;
    const { etag } = await store.uploadPart(key, uploadId, number, noiseFile, start, end);
    parts.push({ number, etag });
  }
  return { uploadId, parts };
}

const checks = {
  async bucket_tags() {
    const tags = { team: 'moss + stone', 中文: '标签' };
    await store.putBucketTags(bucket, tags);
    assert.deepStrictEqual((await store.getBucketTags(bucket)).tag, tags);
    await store.deleteBucketTags(bucket);
    assert.deepStrictEqual((await store.getBucketTags(bucket)).tag, {});
  },

  async bucket_cors() {
    await refused(404, 'NoSuchCORSConfiguration', store.getBucketCORS(bucket));
    const rule = {
      allowedOrigin: ['http://a.test', 'http://*.b.test'], allowedMethod: ['PUT', 'GET'],
      allowedHeader: 'x-oss-*', exposeHeader: 'ETag', maxAgeSeconds: '60',
    };
    await store.putBucketCORS(bucket, [rule, { allowedOrigin: '*', allowedMethod: 'HEAD' }]);
    const { rules } = await store.getBucketCORS(bucket);
    assert.deepStrictEqual(rules, [rule, { allowedOrigin: '*', allowedMethod: 'HEAD' }]);
    await store.deleteBucketCORS(bucket);
    await refused(404, 'NoSuchCORSConfiguration', store.getBucketCORS(bucket));
  },

  async post_object() {
    const soon = new Date(Date.now() + 60_000);
    const conditions = [{ bucket }, ['content-length-range', 1, 100], ['starts-with', '$key', 'post/']];
    const v1 = store.calculatePostSignature({ expiration: soon.toISOString(), conditions });
    assert.strictEqual(await post({ key: 'post/v1', ...v1 }), 200);
    assert.strictEqual(await post({ key: 'other', ...v1 }), 403);
    assert.strictEqual(await post({ key: 'post/v1', ...v1 }, noise), 400);
    const now = new Date();
    const date = now.toISOString().replace(/[-:]|\.\d+/g, '');
    const credential = `${env.OSS_ACCESS_KEY_ID}/${date.slice(0, 8)}/${env.OSS_REGION}/oss/aliyun_v4_request`;
    const said = {
      'x-oss-signature-version': 'OSS4-HMAC-SHA256', 'x-oss-credential': credential, 'x-oss-date': date,
    };
    const policy = {
      expiration: soon.toISOString(),
      conditions: [...conditions, ...Object.entries(said).map(([name, value]) => ({ [name]: value }))],
    };
    const v4 = {
      ...said, policy: Buffer.from(JSON.stringify(policy)).toString('base64'),
      'x-oss-signature': store.signPostObjectPolicyV4(policy, now),
    };
    assert.strictEqual(await post({ key: 'post/v4', ...v4 }), 200);
    assert.strictEqual(await post({ key: 'post/v4', ...v4, 'x-oss-signature': v1.Signature }), 403);
    for (const key of ['post/v1', 'post/v4']) assert.strictEqual(`${await read(key)}`, 'hello');
  },

  async bucket_encryption() {
    const name = `${bucket}-encrypted`;
    await store.putBucket(name);
    await refused(404, 'NoSuchServerSideEncryptionRule', store.getBucketEncryption(name));
    await store.putBucketEncryption(name, { SSEAlgorithm: 'AES256' });
    assert.strictEqual((await store.getBucketEncryption(name)).encryption.SSEAlgorithm, 'AES256');
    const made = clientOf(name);
    await made.put('key', Buffer.from('hello'));
    const { headers } = (await made.head('key')).res;
    assert.strictEqual(headers['x-oss-server-side-encryption'], 'AES256');
    assert.strictEqual(`${await read('key', {}, made)}`, 'hello');
    await store.deleteBucketEncryption(name);
  },

  async object_tagging() {
    const tagging = 'team=moss+%2B+stone&%E4%B8%AD%E6%96%87=';
    await store.put('tagging', Buffer.from('x'), { headers: { 'x-oss-tagging': tagging } });
    assert.deepStrictEqual((await store.getObjectTagging('tagging')).tag, { team: 'moss + stone', 中文: '' });
    await store.putObjectTagging('tagging', { c: '3' });
    assert.deepStrictEqual((await store.getObjectTagging('tagging')).tag, { c: '3' });
    assert.strictEqual((await store.head('tagging')).res.headers['x-oss-tagging-count'], '1');
    await store.deleteObjectTagging('tagging');
    assert.deepStrictEqual((await store.getObjectTagging('tagging')).tag, {});
  },

  async symlink() {
    await store.put('the target 中文', Buffer.from('hello'));
    await store.putSymlink('link', 'the target 中文', { meta: { one: '1' } });
    assert.strictEqual((await store.getSymlink('link')).targetName, 'the target 中文');
    assert.strictEqual(`${await read('link')}`, 'hello');
    await store.delete('the target 中文');
    await refused(404, 'SymlinkTargetNotExist', store.get('link'));
    await store.put('no link', Buffer.from('x'));
    await refused(400, 'NotSymlink', store.getSymlink('no link'));
  },

  async restore() {
    await store.put('cold', Buffer.from('cold'), { headers: { 'x-oss-storage-class': 'ColdArchive' } });
    await refused(403, 'InvalidObjectState', store.get('cold'));
    const begun = await store.restore('cold', { type: 'ColdArchive', Days: 2, JobParameters: 'Bulk' });
    assert.strictEqual(begun.res.status, 202);
    const told = (await store.head('cold')).res.headers['x-oss-restore'];
    assert.match(told, /^ongoing-request="false", expiry-date="/);
    assert.strictEqual(`${await read('cold')}`, 'cold');
    await store.put('warm', Buffer.from('x'));
    await refused(400, 'OperationNotSupported', store.restore('warm'));
  },

  async encryption() {
    for (const way of ['AES256', 'SM4', 'KMS']) {
      await store.put('encrypted', noise, { headers: { 'x-oss-server-side-encryption': way } });
      const { headers } = (await store.head('encrypted')).res;
      assert.strictEqual(headers['x-oss-server-side-encryption'], way);
      assert(noise.equals(await read('encrypted')));
      const part = await read('encrypted', { headers: { Range: 'bytes=140000-290000' } });
      assert(noise.subarray(140000, 290001).equals(part));
    }
    const headers = { 'x-oss-server-side-encryption': 'ROT13' };
    await refused(400, 'InvalidEncryptionAlgorithmError', store.put('encrypted', Buffer.from('x'), { headers }));
  },

  async append() {
    const first = await store.append('append', Buffer.from('hello'));
    assert.strictEqual(first.nextAppendPosition, '5');
    const second = await store.append('append', noise, { position: 5 });
    assert.strictEqual(second.nextAppendPosition, `${5 + noise.length}`);
    assert(Buffer.concat([Buffer.from('hello'), noise]).equals(await read('append')));
    assert.strictEqual((await store.head('append')).res.headers['x-oss-object-type'], 'Appendable');
    await refused(409, 'PositionNotEqualToLength', store.append('append', Buffer.from('x'), { position: 3 }));
    await store.put('plain', Buffer.from('x'));
    await refused(409, 'ObjectNotAppendable', store.append('plain', Buffer.from('x'), { position: 1 }));
  },

  async copy() {
    await store.put('copy/from 中文+', Buffer.from('hello'), { mime: 'text/plain', meta: { one: '1' } });
    const done = await store.copy('copy/to', 'copy/from 中文+');
    let head = await store.head('copy/to');
    assert.strictEqual(`${await read('copy/to')}`, 'hello');
    assert.strictEqual(done.data.etag, head.res.headers.etag);
    assert.deepStrictEqual([head.res.headers['content-type'], head.meta], ['text/plain', { one: '1' }]);
    await store.copy('copy/to', `/${bucket}/copy/from 中文+`, { meta: { two: '2' } });
    head = await store.head('copy/to');
    assert.deepStrictEqual(head.meta, { two: '2' });
    assert.strictEqual(head.res.headers['content-type'], 'text/plain');
    const headers = { 'If-Match': '"0"' }; // which this client sends under two names
    await refused(412, 'PreconditionFailed', store.copy('copy/to', 'copy/from 中文+', { headers }));
    await refused(404, 'NoSuchKey', store.copy('copy/to', 'copy/no'));
  },

  async multipart() {
    const { uploadId, parts } = await upload('multipart');
    await refused(404, 'NoSuchKey', store.get('multipart'));
    const done = await store.completeMultipartUpload('multipart', uploadId, parts);
    assert.match(done.etag, new RegExp(`-${parts.length}"$`));
    assert(noise.equals(await read('multipart')));
    const { meta, res } = await store.head('multipart');
    const { 'x-oss-object-type': kind, 'content-type': type } = res.headers;
    assert.deepStrictEqual([kind, type, meta], ['Multipart', 'text/parts', { one: '1' }]);
    await refused(404, 'NoSuchUpload', store.completeMultipartUpload('multipart', uploadId, parts));
    const other = await upload('wrong');
    other.parts[1].etag = other.parts[0].etag;
    await refused(400, 'InvalidPart', store.completeMultipartUpload('wrong', other.uploadId, other.parts));
    await store.abortMultipartUpload('wrong', other.uploadId);
  },

  async multipart_lists() {
    const key = 'lists/a 中文';
    const { uploadId, parts } = await upload(key);
    const other = (await store.initMultipartUpload('lists/b')).uploadId;
    const first = await store.listParts(key, uploadId, { 'max-parts': 5 });
    const rest = await store.listParts(key, uploadId, { 'part-number-marker': first.nextPartNumberMarker });
    assert.deepStrictEqual([...first.parts, ...rest.parts].map(part => part.ETag), parts.map(part => part.etag));
    const one = await store.listUploads({ prefix: 'lists/', 'max-uploads': 1 });
    assert.deepStrictEqual(one.uploads.map(item => [item.name, item.uploadId]), [[key, uploadId]]);
    const markers = { 'key-marker': one.nextKeyMarker, 'upload-id-marker': one.nextUploadIdMarker };
    const two = await store.listUploads({ prefix: 'lists/', ...markers });
    assert.deepStrictEqual(two.uploads.map(item => item.uploadId), [other]);
    assert.deepStrictEqual([two.isTruncated, two.nextKeyMarker], [false, 'lists/b']);
    await store.abortMultipartUpload(key, uploadId);
    await store.abortMultipartUpload('lists/b', other);
    await refused(404, 'NoSuchUpload', store.abortMultipartUpload('lists/b', other));
  },

  async part_copy() {
    const sourceData = { sourceKey: 'part copy/from 中文', sourceBucketName: bucket };
    await store.put(sourceData.sourceKey, noise);
    await store.multipartUploadCopy('part copy/to', sourceData, { partSize, parallel: 3 });
    assert(noise.equals(await read('part copy/to')));
  },

  async versioning() {
    const name = `${bucket}-versions`;
    const made = clientOf(name);
    await store.putBucket(name);
    assert.strictEqual((await store.getBucketVersioning(name)).versionStatus, undefined);
    await store.putBucketVersioning(name, 'Enabled');
    assert.strictEqual((await store.getBucketVersioning(name)).versionStatus, 'Enabled');
    const ids = [];
    for (const text of ['first', 'second']) {
      ids.push((await made.put('key', Buffer.from(text))).res.headers['x-oss-version-id']);
    }
    assert.strictEqual(`${await read('key', {}, made)}`, 'second');
    assert.strictEqual(`${await read('key', { versionId: ids[0] }, made)}`, 'first');
    const gone = await made.delete('key');
    const marker = gone.res.headers['x-oss-version-id'];
    await refused(404, 'NoSuchKey', made.get('key'));
    await refused(405, 'MethodNotAllowed', made.get('key', { versionId: marker }));
    const listed = await made.getBucketVersions({});
    assert.deepStrictEqual(listed.deleteMarker.map(item => item.versionId), [marker]);
    assert.deepStrictEqual(listed.objects.map(item => item.versionId), [ids[1], ids[0]]);
    await made.delete('key', { versionId: marker });
    assert.strictEqual(`${await read('key', {}, made)}`, 'second');
    await made.copy('key', 'key', { versionId: ids[0] });
    assert.strictEqual(`${await read('key', {}, made)}`, 'first');
    const page = await made.getBucketVersions({ 'max-keys': 2 });
    const rest = await made.getBucketVersions({
      keyMarker: page.NextKeyMarker || page.nextKeyMarker,
      versionIdMarker: page.NextVersionIdMarker || page.nextVersionIdMarker,
    });
    assert.deepStrictEqual(rest.objects.map(item => item.versionId), [ids[0]]);
    const all = [...page.objects, ...rest.objects].map(item => ({ key: 'key', versionId: item.versionId }));
    await made.deleteMulti(all);
    await store.deleteBucket(name);
  },

  // The process ends itself, as a crash would, when more than half of the parts are over.
  async upload_breaks() {
    const progress = (share, checkpoint) => {
      if (!checkpoint) return;
      fs.writeFileSync(checkpointFile, JSON.stringify(checkpoint));
      if (share > 0.5) process.exit(75);
    };
    await store.multipartUpload('resumed', resumable, { partSize, parallel: 1, progress });
  },

  async upload_resumes() {
    const checkpoint = JSON.parse(fs.readFileSync(checkpointFile, 'utf8'));
    await store.multipartUpload('resumed', resumable, { partSize, parallel: 1, checkpoint });
    assert(fs.readFileSync(resumable).equals(await read('resumed')));
    assert.strictEqual((await store.listUploads({ prefix: 'resumed' })).uploads.length, 0);
  },
};

async function main() {
  fs.writeFileSync(noiseFile, noise);
  for (const name of process.argv.slice(2)) {
    try {
      await checks[name]();
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`not ok ${name}: ${`${error.stack}`.replace(/\n/g, ' ')}`);
    }
  }
}

main();
