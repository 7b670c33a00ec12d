// A stand-in for the flag service, for measurements; a process of its own, so that its work is nobody else's.
//
//   node upstream.mjs PORT FLAGS [BYTES [MEMBERS]]
//
// With MEMBERS every tenth flag asks for the big segment "vip", in which every second of so many users is.
//
// GET /all is a stream with one put of FLAGS flags, whose first variation is BYTES long; GET /patch changes one flag and tells all streams. What is sent is made
// once: the time of this program must not be taken for that of the relay.
import { createHash } from 'node:crypto';
import http from 'node:http';

const [port, count, bytes = 16, members = 0] = process.argv.slice(2).map(Number);
const streams = new Set();

function flag(i, version) {
  return {
    key: `flag-${i}`, version, on: true, salt: `salt-${i}`, sel: 'sel', deleted: false,
    variations: [`on-${'x'.repeat(bytes)}`, `off-${'x'.repeat(16)}`], offVariation: 1,
    fallthrough: i % 3 === 0 ? { rollout: { variations: [{ variation: 0, weight: 60000 }, { variation: 1, weight: 40000 }] } } : { variation: 0 },
    targets: i % 5 === 0 ? [{ variation: 1, values: ['alice', 'bob', `user-${i}`] }] : [],
    rules: members && i % 10 === 5 ? [{ id: `r${i}`, variation: 1, clauses: [{ attribute: '', op: 'segmentMatch', values: ['vip'], negate: false }] }] : i % 2 === 0 ? [{ id: `r${i}`, variation: 1, clauses: [
      { attribute: 'email', op: 'endsWith', values: [`@example-${i}.com`, '@corp.example'], negate: false },
      { attribute: 'country', op: 'in', values: ['de', 'fr', 'it'], negate: false }] }] : [],
    prerequisites: [], clientSide: true, clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true },
    trackEvents: false, trackEventsFallthrough: false, debugEventsUntilDate: null,
  };
}

const flags = Object.fromEntries([...Array(count)].map((_, i) => [`flag-${i}`, flag(i, 1)]));
const segments = { 's-1': { key: 's-1', version: 1, included: ['zoe'], excluded: [], rules: [], salt: 'x', deleted: false } };
if (members) segments.vip = { key: 'vip', version: 1, unbounded: true, generation: 1, included: [], excluded: [], rules: [], salt: 'x', deleted: false };
const hashes = [...Array(members >> 1)].map((_, i) => createHash('sha256').update(`user-${2 * i}`).digest('base64'));
const page = JSON.stringify([{ segmentId: 'vip.g1', version: 'v1', previousVersion: '', changes: { included: { add: hashes, remove: [] }, excluded: { add: [], remove: [] } } }]);
const put = Buffer.from(`event: put\ndata: ${JSON.stringify({ path: '/', data: { flags, segments } })}\n\n`);
let version = 1;

const routes = {
  '/all': (req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write(put);
    streams.add(res);
    req.on('close', () => streams.delete(res));
  },
  '/sdk/big-segments/revisions': (req, res) => res.end(req.url.includes('after=') ? '[]' : page),
  '/big-segments': (req, res) => res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders(),
  '/patch': (req, res) => {
    const text = `event: patch\ndata: ${JSON.stringify({ path: '/flags/flag-0', data: flag(0, ++version) })}\n\n`;
    for (const stream of streams) stream.write(text);
    res.end();
  },
};
const unknown = (req, res) => { res.writeHead(404); res.end(); };

http.createServer((req, res) => (routes[new URL(req.url, 'http://upstream').pathname] ?? unknown)(req, res))
  .listen(port, '127.0.0.1', () => console.log('ready'));
