// An upstream that breaks HTTP itself: every kind is an error with a line in the log and a retry, never a crash or a hang; the
// data that came before stays in effect (streaming.md 3.4, 4.3).
import assert from 'node:assert/strict';
import net from 'node:net';
import zlib from 'node:zlib';
import { describe, it } from 'node:test';
import { example, examplePut, sdkKey } from './lib/data.mjs';
import { freePort } from './lib/ports.mjs';
import { startRelay } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { putFrame } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const put = putFrame(example());
const chunk = text => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const good = `${ok}Transfer-Encoding: chunked\r\n\r\n${chunk(put)}`;

// why -> bytes of the answer, after which the connection is closed (`open: true`: it stays open), and the error that status shows
const rows = {
  'no HTTP': { bytes: 'hello, who is there?\r\n\r\n', kind: 'NETWORK_ERROR' },
  'nothing at all': { bytes: '', kind: 'NETWORK_ERROR' },
  'half a status line': { bytes: 'HTTP/1.1 2', kind: 'NETWORK_ERROR' },
  'a status that is no number': { bytes: 'HTTP/1.1 abc OK\r\n\r\n', kind: 'NETWORK_ERROR' },
  'a status of 1000': { bytes: 'HTTP/1.1 1000 OK\r\n\r\n', kind: 'NETWORK_ERROR' },
  'another protocol': { bytes: 'ICY 200 OK\r\n\r\n', kind: 'NETWORK_ERROR' },
  'a header without a colon': { bytes: 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', kind: 'NETWORK_ERROR' },
  'a head that never ends': { bytes: `HTTP/1.1 200 OK\r\n${'X-Endless: yes\r\n'.repeat(200000)}`, kind: 'NETWORK_ERROR' },
  'one endless header': { bytes: `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(4 << 20)}`, kind: 'NETWORK_ERROR' },
  'a thousand times 100 Continue': { bytes: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000), kind: 'NETWORK_ERROR' },
  'a redirect to nowhere': { bytes: 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n' },
  'a redirect to another scheme': { bytes: 'HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n' },
  'a redirect to itself, for ever': { bytes: 'HTTP/1.1 307 Again\r\nLocation: /all\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' },
  'a switch of protocols': { bytes: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n' },
  'an error page without an end': { bytes: `HTTP/1.1 503 Busy\r\n\r\n${'sorry '.repeat(100000)}`, kind: 'ERROR_RESPONSE', status: 503 },
  'a chunk size that is none': { bytes: `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`, kind: 'NETWORK_ERROR' },
  'a chunk size over all limits': { bytes: `${ok}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc`, kind: 'NETWORK_ERROR' },
  'no end of line behind a chunk': { bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\nXY`, kind: 'NETWORK_ERROR' },
  'an event cut off in a chunk': { bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n1000\r\nevent: delete\ndata: {"path":"/flags/f","version":9}`, kind: 'NETWORK_ERROR' },
  'a body shorter than its length': { bytes: `${ok}Content-Length: 100000\r\n\r\nevent: delete\ndata: {"path":"/flags/f","version":9}`, kind: 'NETWORK_ERROR' },
  'two lengths': { bytes: `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\n:\n\n:\n`, kind: 'NETWORK_ERROR' },
  'an encoding that nobody asked for': { bytes: `${ok}Content-Encoding: br\r\n\r\n\x8b\x02\x80abc\x03` },
  'a transfer encoding that nobody knows': { bytes: `${ok}Transfer-Encoding: pigeon\r\n\r\n${put}` },
  'gzip that is none': { bytes: `${ok}Content-Encoding: gzip\r\n\r\nthis is not compressed`, kind: 'NETWORK_ERROR' },
  'gzip cut off': { bytes: Buffer.concat([Buffer.from(`${ok}Content-Encoding: gzip\r\n\r\n`), zlib.gzipSync(put).subarray(0, 60)]), kind: 'NETWORK_ERROR' },
  'gzip with a wrong checksum': { bytes: Buffer.concat([Buffer.from(`${ok}Content-Encoding: gzip\r\n\r\n`), zlib.gzipSync(': x\n\n').subarray(0, -8), Buffer.alloc(8)]), kind: 'NETWORK_ERROR' },
  'nothing but zeros': { bytes: Buffer.alloc(1 << 20), kind: 'NETWORK_ERROR' },
};

// An upstream on bare sockets: the first connection with a key gets a good put, the second the broken answer, later ones the put.
async function startRawUpstream(t, answers) {
  const counts = {};
  const sockets = new Set();
  const server = net.createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let head = '';
    socket.on('data', text => {
      head += text;
      const key = /^authorization: (.*)\r$/im.exec(head)?.[1];
      if (!key || !head.includes('\r\n\r\n')) return;
      head = '';
      const bytes = answers[key];
      socket.key = key;
      counts[key] = (counts[key] ?? 0) + 1;
      if (counts[key] === 2) socket.end(bytes); else socket.write(good);
    });
  });
  const port = await freePort();
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  t.after(() => { for (const socket of sockets) socket.destroy(); server.close(); });
  return { uri: `http://127.0.0.1:${port}`, counts, cut: key => { for (const socket of sockets) if (socket.key === key) socket.destroy(); } };
}

describe('upstream, broken HTTP', () => {
  it('every kind is retried, and the old data stays in effect', { timeout: 120000 * slowness }, async t => {
    const keys = Object.fromEntries(Object.keys(rows).map(why => [why, sdkKey()]));
    const up = await startRawUpstream(t, Object.fromEntries(Object.entries(rows).map(([why, { bytes }]) => [keys[why], bytes])));
    const environments = Object.fromEntries(Object.keys(rows).map((why, i) => [`e${i}`, { sdkKey: keys[why] }]));
    const relay = await startRelay(t, { config: { main: { streamUri: up.uri }, environments } });
    await relay.waitHealthy(30000);
    for (const key of Object.values(keys)) up.cut(key);
    for (const [i, [why, { kind, status }]] of Object.entries(rows).entries()) {
      await until(() => `${why}: a third request; there were ${up.counts[keys[why]]}\n${relay.log}`, () => up.counts[keys[why]] >= 3, 40000);
      const document = await relay.waitStatus(`${why}: VALID again`, document => document.environments[`e${i}`].connectionStatus.state === 'VALID', 20000);
      const { lastError } = document.environments[`e${i}`].connectionStatus;
      if (kind) assert.deepEqual([lastError.kind, lastError.statusCode], [kind, status], why);
      const stream = openStream(t, relay.port, '/all', keys[why]);
      assert.equal((await stream.next()).text, examplePut, why);
      stream.close();
    }
    assert.equal(relay.ended, null);
  });
});
