'use strict';
// Everything that Node.js programs ask of RAM and STS, through the vendor's packages; reads its
// orders as JSON from standard input and prints what it saw as JSON.

const fs = require('fs');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const Sts = require('@alicloud/sts20150401');
const Ram = require('@alicloud/ram20150501');
const Pop = require('@alicloud/pop-core');
const Credential = require('@alicloud/credentials');
const OSS = require('ali-oss');

const given = JSON.parse(fs.readFileSync(0, 'utf8'));
const http = `http://127.0.0.1:${given.port}`;

function config(key) {
  return new $OpenApiUtil.Config({
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    endpoint: `127.0.0.1:${given.port}`,
    protocol: 'http',
  });
}

function plain(credentials) {
  return {
    id: credentials.accessKeyId,
    secret: credentials.accessKeySecret,
    token: credentials.securityToken,
  };
}

async function ram() {
  const client = new Ram.default(config(given.root));
  const name = `${given.name}-node`;
  await client.createUser(new Ram.CreateUserRequest({ userName: name }));
  const key = (await client.createAccessKey(new Ram.CreateAccessKeyRequest({ userName: name }))).body.accessKey;
  await client.attachPolicyToUser(new Ram.AttachPolicyToUserRequest({
    policyType: 'System', policyName: 'AliyunSTSAssumeRoleAccess', userName: name,
  }));
  const sts = new Sts.default(config({ id: key.accessKeyId, secret: key.accessKeySecret }));
  const who = (await sts.getCallerIdentity()).body;
  const session = (await sts.assumeRole(new Sts.AssumeRoleRequest({
    roleArn: given.roleArn, roleSessionName: 'tea', durationSeconds: 3600,
  }))).body.credentials;
  await client.deleteUser(new Ram.DeleteUserRequest({ userName: name }));
  const gone = await sts.getCallerIdentity().then(() => '', (error) => error.code);
  return { arn: who.arn, session: plain(session), gone };
}

// The vendor's tutorial on uploads from a page: its operations 1 to 5, what the role may then do,
// and its cleaning up.
async function story() {
  const client = new Ram.default(config(given.root));
  const name = `${given.name}-story`;
  await client.createUser(new Ram.CreateUserRequest({ userName: name }));
  const key = (await client.createAccessKey(new Ram.CreateAccessKeyRequest({ userName: name }))).body.accessKey;
  await client.attachPolicyToUser(new Ram.AttachPolicyToUserRequest({
    policyType: 'System', policyName: 'AliyunSTSAssumeRoleAccess', userName: name,
  }));
  const role = (await client.createRole(new Ram.CreateRoleRequest({
    roleName: name, assumeRolePolicyDocument: given.trust,
  }))).body.role;
  await client.createPolicy(new Ram.CreatePolicyRequest({ policyName: name, policyDocument: given.putOnly }));
  await client.attachPolicyToRole(new Ram.AttachPolicyToRoleRequest({
    policyType: 'Custom', policyName: name, roleName: name,
  }));
  const sts = new Sts.default(config({ id: key.accessKeyId, secret: key.accessKeySecret }));
  const got = plain((await sts.assumeRole(new Sts.AssumeRoleRequest({
    roleArn: role.arn, roleSessionName: 'page',
  }))).body.credentials);
  const oss = new OSS({
    endpoint: http, bucket: given.bucket, region: 'oss-cn-hangzhou',
    accessKeyId: got.id, accessKeySecret: got.secret, stsToken: got.token, authorizationV4: true,
  });
  const outcome = (promise) => promise.then((done) => done.res.status, (error) => error.code);
  const said = { put: await outcome(oss.put('page.txt', Buffer.from('from a page'))) };
  said.get = await outcome(oss.get('page.txt'));
  said.list = await outcome(oss.list());
  said.remove = await outcome(oss.delete('page.txt'));
  await client.deleteUser(new Ram.DeleteUserRequest({ userName: name }));
  said.putWithoutUser = await outcome(oss.put('page.txt', Buffer.from('still')));
  await client.deleteRole(new Ram.DeleteRoleRequest({ roleName: name }));
  said.putWithoutRole = await outcome(oss.put('page.txt', Buffer.from('never')));
  await client.deletePolicy(new Ram.DeletePolicyRequest({ policyName: name }));
  return said;
}

async function pop() {
  const client = new Pop({
    accessKeyId: given.user.id, accessKeySecret: given.user.secret, endpoint: http, apiVersion: '2015-04-01',
  });
  const answer = await client.request('AssumeRole', {
    RoleArn: given.roleArn, RoleSessionName: 'pop-core', Policy: given.policy,
  }, { method: 'POST' });
  return {
    id: answer.Credentials.AccessKeyId,
    secret: answer.Credentials.AccessKeySecret,
    token: answer.Credentials.SecurityToken,
  };
}

async function aliOss() {
  const sts = new OSS.STS({ accessKeyId: given.user.id, accessKeySecret: given.user.secret, endpoint: http });
  const { credentials } = await sts.assumeRole(given.roleArn, '', '3000', 'ali-oss');
  const refused = await sts.assumeRole('OSS_STS_ROLE_ARN', '', '3000', 'ali-oss').then(() => '', (error) => error.code);
  return {
    id: credentials.AccessKeyId, secret: credentials.AccessKeySecret, token: credentials.SecurityToken, refused,
  };
}

async function provider(options) {
  const client = new Credential.default(new Credential.Config(options));
  return plain(await client.getCredential());
}

async function refreshing() {
  const client = new Credential.default(new Credential.Config({
    type: 'ram_role_arn', accessKeyId: given.user.id, accessKeySecret: given.user.secret,
    roleArn: given.roleArn, roleSessionName: 'provider', roleSessionExpiration: 3600,
    stsEndpoint: `localhost:${given.tlsPort}`,
  }));
  const first = plain(await client.getCredential());
  const same = plain(await client.getCredential());
  const real = Date.now;
  Date.now = () => real() + 3000 * 1000; // the session is about to end
  const later = plain(await client.getCredential());
  Date.now = real;
  return { first, kept: same.id === first.id, later };
}

async function main() {
  const said = {
    ram: await ram(),
    story: await story(),
    pop: await pop(),
    aliOss: await aliOss(),
    staticSts: await provider({
      type: 'sts', accessKeyId: given.session.id, accessKeySecret: given.session.secret,
      securityToken: given.session.token,
    }),
    uri: await provider({ type: 'credentials_uri', credentialsURI: given.uri }),
    refreshing: await refreshing(),
  };
  process.stdout.write(JSON.stringify(said));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
