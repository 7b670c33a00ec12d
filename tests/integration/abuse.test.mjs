// Clients that are slow, broken, gone or too many: each has its defined answer, and the relay goes on serving everybody else
// (http-api.md 10.1, 10.4; streaming.md 13.2, 15.3; configuration.md 17.7).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { dataset, example, flag } from './lib/data.mjs';
import { startCrowd } from './lib/crowd.mjs';
import { startPair } from './lib/harness.mjs';
import { exchange, request, requestText } from './lib/request.mjs';
import { openStream } from './lib/sse.mjs';
import { least, pause, slowness, until } from './lib/wait.mjs';

const ask = (key, more = {}) => requestText({ target: '/all', headers: { Authorization: key }, close: false, ...more });

// Changes a flag; its version.
let changes = 100;
function change({ up, key }) {
  up.patch(key, 'flags', flag('pulse', ++changes));
  return changes;
}
const shows = version => ({ json: { path, data } }) => path === '/flags/pulse' ? data.version === version : data?.flags?.pulse?.version === version;

// The relay does its work: a stream that was open gets a change, and so does one that is opened now.
async function goesOn(t, pair, stream) {
  const version = change(pair);
  if (stream) await stream.find(shows(version));
  const fresh = openStream(t, pair.relay.port, '/all', pair.key);
  await fresh.find(shows(version));
  fresh.close();
}

// The soft limit of a running relay.
function limitDescriptors(relay, limit) {
  assert.equal(spawnSync('prlimit', ['--pid', String(relay.pid), `--nofile=${limit}:`]).status, 0);
}

// It does nothing: what spins uses more than this even on a machine that has no time for it.
async function rests(relay) {
  const busy = await least(8, 0.03, async () => {
    const [time, began] = [relay.processorTime(), performance.now()];
    await pause(1000);
    return (relay.processorTime() - time) / ((performance.now() - began) / 1000);
  });
  assert.ok(busy <= 0.03, `it uses ${(busy * 100).toFixed(0)} % of a processor`);
}

describe('abuse', { concurrency: 3 }, () => {
  it('slow-loris: a request that does not end within requestHeaderTimeout is cut without an answer', { timeout: 60000 * slowness }, async t => {
    const pair = await startPair(t, example(), { main: { requestHeaderTimeout: '1s' } });
    const stream = openStream(t, pair.relay.port, '/all', pair.key);
    await stream.next();
    const crowds = await Promise.all([
      startCrowd(t, pair.relay.port, 400, ask(pair.key, { headers: { Authorization: pair.key, 'X-Padding': 'x'.repeat(5000) } }), 'drip'),
      startCrowd(t, pair.relay.port, 400, ''),                     // connects and says nothing
      startCrowd(t, pair.relay.port, 400, 'GET /all HTTP/1.1\r\n'),  // stops in the middle
    ]);
    await goesOn(t, pair, stream);
    for (const crowd of crowds) {
      const { answered } = await crowd.wait('all slow clients cut off', ({ open }) => open === 0, 20000);
      assert.equal(answered, 0);
    }
    await goesOn(t, pair, stream);
  });

  it('a request that takes its time but not too long is served', async t => {
    const { relay, key } = await startPair(t, example());
    const crowd = await startCrowd(t, relay.port, 20, `GET /all HTTP/1.0\r\nAuthorization: ${key}\r\n\r\n`, 'drip');
    await crowd.wait('all served', ({ answered }) => answered === 20, 30000);
  });

  it('clientIdleTimeout: a connection without a request is closed, a stream is not', async t => {
    const { relay, key } = await startPair(t, example(), { main: { clientIdleTimeout: '500ms', requestHeaderTimeout: '1s' } });
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    const crowd = await startCrowd(t, relay.port, 50, requestText({ target: '/nope', close: false }));
    await crowd.wait('answers', ({ answered }) => answered === 50);
    await crowd.wait('all idle connections closed', ({ open }) => open === 0);
    assert.equal(stream.ended, null);
  });

  it('half-open: clients whose machine is gone are dropped when maxClientWriteTime is over', { timeout: 90000 * slowness }, async t => {
    const pair = await startPair(t, example(), { main: { maxClientWriteTime: '1s', heartbeatInterval: '200ms' } });
    const stream = openStream(t, pair.relay.port, '/all', pair.key, { keep: false });
    await stream.next();
    const before = pair.relay.descriptors();
    const crowd = await startCrowd(t, pair.relay.port, 300, ask(pair.key));
    await crowd.wait('all streams open', ({ answered }) => answered === 300);
    assert.ok(pair.relay.descriptors() >= before + 300);
    crowd.vanish();
    await until(() => `the gone clients to be dropped; ${pair.relay.descriptors() - before} are left`, () => pair.relay.descriptors() <= before + 5, 40000);
    assert.equal(stream.ended, null);
    await goesOn(t, pair, stream);
  });

  it('half-closed: a client that sends its request and shuts its side is answered', async t => {
    const { relay } = await startPair(t, example());
    const { text } = await exchange(relay.port, requestText({ target: '/status' }), { finish: true });
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*"status":"healthy"/);
    const before = relay.descriptors();
    for (const bytes of ['', 'GET', 'GET /status HTTP/1.1\r\nHost: x\r\n', ask('sdk-nobody').slice(0, -2)]) await exchange(relay.port, bytes, { finish: true });
    await until('half-sent requests to be forgotten', () => relay.descriptors() <= before);
  });

  it('clients that leave in the middle of everything leave nothing behind', { timeout: 60000 * slowness }, async t => {
    const pair = await startPair(t, dataset([...Array(64)].map((_, i) => flag(`f${i}`, 1, { variations: ['x'.repeat(32768), 'b', 'c'] }))));
    const before = pair.relay.descriptors();
    for (let round = 0; round < 3; round++) {
      const crowd = await startCrowd(t, pair.relay.port, 200, ask(pair.key));
      await crowd.wait('some answers', ({ answered }) => answered > 20);
      crowd.end();   // puts of two megabytes are on their way
    }
    await until('all connections to be given back', () => pair.relay.descriptors() <= before, 20000);
    await goesOn(t, pair);
  });

  it('more than maxClientConnections: closed at once, one warning, streams stay; room is used again', { timeout: 60000 * slowness }, async t => {
    const pair = await startPair(t, example(), { main: { maxClientConnections: 100 } });
    const stream = openStream(t, pair.relay.port, '/all', pair.key);
    await stream.next();
    const crowd = await startCrowd(t, pair.relay.port, 300, ask(pair.key));
    const { open, closed } = await crowd.wait('the limit', ({ answered, closed }) => answered === 99 && closed === 201);
    assert.deepEqual([open, closed], [99, 201]);
    assert.equal(pair.relay.logCount(/WARN: Refusing connections: all 100 of maxClientConnections are open$/), 1);
    assert.equal(stream.ended, null);
    crowd.close(50);
    await until('room', () => pair.relay.get('/status').then(() => true, () => false));
    await goesOn(t, pair, stream);
  });

  it('maxClientConnectionsPerAddress: one address cannot take the room of others', async t => {
    const { relay, key } = await startPair(t, example(), { main: { maxClientConnectionsPerAddress: 10 } });
    const crowd = await startCrowd(t, relay.port, 30, ask(key));
    const { open } = await crowd.wait('the limit', ({ answered, closed }) => answered === 10 && closed === 20);
    assert.equal(open, 10);
    await relay.waitLog(/WARN: Refusing connections: an address has reached maxClientConnectionsPerAddress \(10\)/);
    assert.equal((await openStream(t, relay.port, '/all', key).head()).status, 200);
  });

  it('out of descriptors: nothing spins, streams go on, and clients are served again when there is room', { timeout: 90000 * slowness }, async t => {
    const pair = await startPair(t, example());
    const stream = openStream(t, pair.relay.port, '/all', pair.key);
    await stream.next();
    limitDescriptors(pair.relay, 300);
    const crowd = await startCrowd(t, pair.relay.port, 1000, ask(pair.key));
    await crowd.wait('the rest turned away', ({ answered, closed }) => answered + closed === 1000, 20000);
    assert.ok(pair.relay.descriptors() >= 299);
    await rests(pair.relay);
    await stream.find(shows(change(pair)));
    await pair.relay.waitLog(/WARN: Refusing connections: no file descriptor is left; raise the limit/);
    crowd.end();
    await until('a free descriptor', () => pair.relay.get('/status').then(answer => answer.status === 200, () => false));
    await goesOn(t, pair, stream);
  });

  it('no descriptor at all, not even to refuse with: the listener rests, and comes back', { timeout: 60000 * slowness }, async t => {
    const pair = await startPair(t, example());
    const stream = openStream(t, pair.relay.port, '/all', pair.key);
    await stream.next();
    const before = /Max open files\s+(\d+)/.exec(fs.readFileSync(`/proc/${pair.relay.pid}/limits`, 'utf8'))[1];
    limitDescriptors(pair.relay, 5);
    const crowd = await startCrowd(t, pair.relay.port, 100, ask(pair.key));
    await rests(pair.relay);
    assert.equal(crowd.counts.answered, 0);
    await stream.find(shows(change(pair)));
    limitDescriptors(pair.relay, before);
    await crowd.wait('all to be served', ({ answered }) => answered === 100);
    await goesOn(t, pair, stream);
  });

  it('20,000 connections against the descriptor limit of the process', { timeout: 180000 * slowness }, async t => {
    const hard = Number(/Max open files\s+\d+\s+(\d+)/.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
    const limit = Math.min(hard, slowness > 1 ? 4000 : 20000);
    const each = Math.ceil((limit + 400) / 2);
    const pair = await startPair(t, example(), { descriptors: limit, main: { heartbeatInterval: '10s' } });
    const stream = openStream(t, pair.relay.port, '/all', pair.key, { keep: false });
    await stream.next();
    const crowds = await Promise.all([1, 2].map(() => startCrowd(t, pair.relay.port, each, ask(pair.key))));
    const total = name => crowds.reduce((sum, { counts }) => sum + counts[name], 0);
    await until(() => `${limit - 257} streams; there are ${total('answered')} and ${total('closed')} were closed`, () => total('answered') === limit - 257 && total('closed') === 2 * each - (limit - 257), 60000);
    assert.ok(pair.relay.descriptors() <= limit);
    t.diagnostic(`${total('open')} streams open at a limit of ${limit} descriptors, ${total('closed')} turned away, ${Math.round(pair.relay.memory() / 1024)} MiB`);
    assert.equal(pair.relay.logCount(/WARN: Refusing connections: all \d+ of maxClientConnections are open$/), 1);
    await stream.find(shows(change(pair)), 20000);
    crowds[0].end();
    await until('room', () => pair.relay.get('/status').then(answer => answer.status === 200, () => false), 20000);
    await goesOn(t, pair, stream);
  });

  it('requests of many broken kinds: the status of each, and the connection is closed', { timeout: 60000 * slowness }, async t => {
    const pair = await startPair(t, example(), { main: { maxRequestHeaderSize: '8KiB' } });
    const { relay, key } = pair;
    const line = 'GET /status HTTP/1.1\r\nHost: x\r\n';
    const rows = [ // why, bytes, status (null: closed without an answer)
      ['no HTTP at all', 'hello\r\n\r\n', 400], ['a TLS client', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400], ['an empty line and nothing', '\r\n\r\n', null], ['binary', '\0\x01\x02\x03\r\n\r\n', 400],
      ['no version', 'GET /status\r\n\r\n', 400], ['HTTP/2.0 in words', 'GET /status HTTP/2.0\r\nHost: x\r\n\r\n', 505], ['HTTP/3', 'GET /status HTTP/3\r\nHost: x\r\n\r\n', 400], ['two blanks', 'GET  /status HTTP/1.1\r\nHost: x\r\n\r\n', 400],
      ['a method with odd characters', 'G@T /status HTTP/1.1\r\nHost: x\r\n\r\n', 400], ['a control character in the target', 'GET /sta\x01tus HTTP/1.1\r\nHost: x\r\n\r\n', 400], ['a broken percent escape', 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
      ['no Host', 'GET /status HTTP/1.1\r\n\r\n', 400], ['blank before the colon', `${line}X : y\r\n\r\n`, 400], ['no colon', `${line}nonsense\r\n\r\n`, 400], ['a folded line', `${line}X: y\r\n z\r\n\r\n`, 400], ['NUL in a value', `${line}X: a\0b\r\n\r\n`, 400],
      ['no name', `${line}: y\r\n\r\n`, 400], ['two lengths', `${line}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400], ['a negative length', `${line}Content-Length: -1\r\n\r\n`, 400], ['a length in words', `${line}Content-Length: ten\r\n\r\n`, 400], ['a huge length', `${line}Content-Length: 99999999999999999999999\r\n\r\n`, 400],
      ['length and chunks', `${line}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400], ['an unknown encoding', `${line}Transfer-Encoding: gzip\r\n\r\n`, 501], ['an unknown expectation', `${line}Expect: tea\r\n\r\n`, 417],
      ['a header over the limit', `${line}X: ${'y'.repeat(20000)}\r\n\r\n`, 431], ['a target over the limit', `GET /${'y'.repeat(20000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431], ['a thousand headers over the limit', `${line}${'A: b\r\n'.repeat(3000)}\r\n`, 431],
      ['a chunk size that is none', `POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`, 405], ['a chunk longer than memory', 'POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n', 405],
    ];
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    await Promise.all(rows.map(async ([why, bytes, status]) => {
      const { text, reset } = await exchange(relay.port, Buffer.from(bytes, 'latin1'), { ms: 20000, finish: status === null });
      if (status === null) assert.equal(text, '', why);
      else assert.equal(Number(/^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1]), status, `${why}: ${JSON.stringify(text.slice(0, 200))} ${reset ?? ''}`);
    }));
    await goesOn(t, pair, stream);
  });

  it('bytes sent behind a stream request are left alone up to 64 KiB; more end the connection', async t => {
    const { relay, key } = await startPair(t, example(), { main: { heartbeatInterval: '1s' } });   // they are looked at then
    const [few, many] = [1, 2].map(() => openStream(t, relay.port, '/all', key));
    await Promise.all([few.next(), many.next()]);
    few.socket.write('x'.repeat(1000));
    many.socket.write('x'.repeat(20 << 20));
    await many.gone(20000);
    assert.equal(few.ended, null);
  });

  it('pipelined requests are answered in order', async t => {
    const { relay } = await startPair(t, example());
    const one = requestText({ target: '/nope', close: false });
    const { text } = await exchange(relay.port, one.repeat(500) + requestText({ target: '/status' }), { ms: 20000 });
    assert.equal(text.match(/HTTP\/1\.1 404/g).length, 500);
    assert.match(text, /"status":"healthy"[^]*$/);
  });

  it('a flood of unknown credentials is refused and costs no memory', { timeout: 60000 * slowness }, async t => {
    const pair = await startPair(t, example());
    for (let i = 0; i < 200; i++) await request(pair.relay.port, { target: '/all', headers: { Authorization: `sdk-unknown-${i}` } });
    const before = pair.relay.memory();
    for (let i = 0; i < 40; i++) {
      const flood = [...Array(50)].map((_, n) => requestText({ target: `/all?x=${'y'.repeat(500)}`, headers: { Authorization: `sdk-${i}-${n}` }, close: n === 49 })).join('');
      const { text } = await exchange(pair.relay.port, flood);
      assert.equal(text.match(/HTTP\/1\.1 401/g).length, 50);
    }
    assert.ok(slowness > 1 || pair.relay.memory() - before < 2048, `grew by ${pair.relay.memory() - before} KiB`);
    await goesOn(t, pair);
  });
});
