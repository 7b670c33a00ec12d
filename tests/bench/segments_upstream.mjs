// A stand-in for the flag service with one big segment, for measurements; a process of its own.
//
//   node segments_upstream.mjs PORT MEMBERS PER_PATCH PER_PAGE
//
// GET /sdk/big-segments/revisions sends the members as LaunchDarkly does at first: patches from "" to "", and the last one of
// the page leads to a version. What is sent is made beforehand, and written as fast as it is taken. GET /streams: how often
// /big-segments was opened, which is when all members are in the database.
import { createHash } from 'node:crypto';
import http from 'node:http';

const [port, members, perPatch, perPage] = process.argv.slice(2).map(Number);
const hashes = [...Array(members)].map((_, i) => createHash('sha256').update(`user-${i}`).digest('base64'));
const none = { add: [], remove: [] };
const pages = [];
let version = '';
for (let at = 0; at < members; at += perPatch) {
  const page = (at / perPatch) % perPage === 0 ? (pages.push({ after: version, patches: [] }), pages.at(-1)) : pages.at(-1);
  const last = page.patches.length === perPage - 1 || at + perPatch >= members;
  const next = last ? String(pages.length) : version;
  page.patches.push(JSON.stringify({ environmentId: 'e', segmentId: 'big.g1', version: next, previousVersion: version, changes: { included: { add: hashes.slice(at, at + perPatch), remove: [] }, excluded: none } }));
  version = next;
}
const bodies = new Map(pages.map(({ after, patches }) => [after, Buffer.from(`[${patches.join(',')}]`)]));
const flag = { key: 'f', version: 1, on: true, salt: '', variations: [true, false], offVariation: 1, fallthrough: { variation: 1 }, targets: [], prerequisites: [], rules: [{ id: 'r', variation: 0, clauses: [{ attribute: '', op: 'segmentMatch', values: ['big'], negate: false }] }] };
const data = { flags: { f: flag }, segments: { big: { key: 'big', version: 1, included: [], excluded: [], rules: [], salt: '', unbounded: true, generation: 1 } } };
const put = `event: put\ndata: ${JSON.stringify({ path: '/', data })}\n\n`;

let streams = 0;

http.createServer((req, res) => {
  const url = new URL(req.url, 'http://localhost');
  if (url.pathname === '/all') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write(put);
  } else if (url.pathname === '/big-segments') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write(':\n');
    streams++;
  } else if (url.pathname === '/streams') {
    res.end(String(streams));
  } else {
    res.end(bodies.get(url.searchParams.get('after') ?? '') ?? '[]');
  }
}).listen(port, '127.0.0.1');
