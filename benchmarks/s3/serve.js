// An S3 server in a folder that is given, on any free port, which it prints.
const S3rver = require('s3rver');
const [directory, bucket] = process.argv.slice(2);
const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: bucket }] });
server.run().then(({ port }) => console.log(port));
