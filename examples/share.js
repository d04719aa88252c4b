// Store a file and print a link that lives ten minutes: node share.js FILE
// Needs `npm install ali-oss` and a store started with `make serve`.
const OSS = require("ali-oss");

async function main(file) {
  const client = new OSS({
    endpoint: "http://localhost:9000",
    sldEnable: true,
    region: "oss-cn-hangzhou",
    accessKeyId: "mossbox",
    accessKeySecret: "mossbox-secret",
  });
  await client.putBucket("share-example");
  client.useBucket("share-example");
  const name = require("path").basename(file);
  await client.put(name, file);
  console.log(client.signatureUrl(name, { expires: 600 }));
}

main(process.argv[2]);
