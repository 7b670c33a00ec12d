// What SDKs - and what is none - post to the program: malformed, huge, slow, cut and wrongly compressed bodies have their answers
// (events.md 3.2, 3.3), take no memory (13.2) and do not touch the posts of others.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import zlib from 'node:zlib';
import { describe, it } from 'node:test';
import { dataset, example, flag } from './lib/data.mjs';
import { numbers, post, startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { exchange, parseHead, requestText } from './lib/request.mjs';
import { openStream } from './lib/sse.mjs';
import { pause, slowness, until } from './lib/wait.mjs';

const sanitized = slowness > 1; // such a program uses memory in ways of its own

async function start(t, { events, ...options } = {}) {
  const service = await startEventsService(t);
  const pair = await startPair(t, dataset([flag('f')]), {
    config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '200ms', ...events } }, ...options });
  return { service, ...pair };
}

const message = text => JSON.stringify({ message: text });
const unreadable = { status: 400, body: message('unable to read request body'), type: 'application/json' };
const plain = text => ({ status: 400, body: text, type: 'text/plain; charset=utf-8' });
const taken = { status: 202, body: '', type: undefined };

const two = Buffer.from('[{"n":1},{"n":2}]');
const gzip = zlib.gzipSync(two);
const chunk = bytes => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const chunked = (...pieces) => Buffer.concat([...pieces.map(piece => chunk(Buffer.from(piece))), Buffer.from('0\r\n\r\n')]);
const compressed = { 'Content-Encoding': 'gzip' };
const inChunks = { 'Transfer-Encoding': 'chunked' };

// name: [headers, body, answer, events that arrive]
const bodies = {
  'an array': [{}, two, taken, 2],
  'an array in chunks': [inChunks, chunked('[{"n":1}', ',{"n":2}]'), taken, 2],
  'gzip (13)': [compressed, gzip, taken, 2],
  'gzip in chunks (13)': [{ ...compressed, ...inChunks }, chunked(gzip.subarray(0, 5), gzip.subarray(5, 20), gzip.subarray(20)), taken, 2],
  'gzip of two members': [compressed, Buffer.concat([zlib.gzipSync('[{"n":1},'), zlib.gzipSync('{"n":2}]')]), taken, 2],
  'deflate': [{ 'Content-Encoding': 'deflate' }, zlib.deflateSync(two), taken, 2],
  'deflate without its wrapper': [{ 'Content-Encoding': 'deflate' }, zlib.deflateRawSync(two), taken, 2],
  'text/plain (12)': [{ 'Content-Type': 'text/plain' }, two, taken, 2],
  'nothing (9)': [{}, Buffer.alloc(0), { status: 400, body: message('body may not be empty'), type: 'application/json' }, 0],
  'half an array (10)': [{}, Buffer.from('[{"no'), taken, 0],
  'an object (10)': [{}, Buffer.from('{}'), taken, 0],
  'text (10)': [{}, Buffer.from('"x"'), taken, 0],
  'bytes that are no text': [{}, Buffer.from([0, 255, 254, 10, 13]), taken, 0],
  'too many levels': [{}, Buffer.from('['.repeat(2000)), taken, 0],
  'an empty array (11)': [{}, Buffer.from('[]'), taken, 0],
  'null (11)': [{}, Buffer.from('null'), taken, 0],
  'no gzip where it is announced (14)': [compressed, two, plain('gzip: invalid header\n'), 0],
  'gzip without a byte': [compressed, Buffer.alloc(0), plain('EOF\n'), 0],
  'three bytes of gzip': [compressed, gzip.subarray(0, 3), plain('unexpected EOF\n'), 0],
  'half of the gzip (15)': [compressed, gzip.subarray(0, gzip.length - 12), unreadable, 0],
  'gzip without its checksum (15)': [compressed, gzip.subarray(0, gzip.length - 8), unreadable, 0],
  'gzip with another checksum': [compressed, Buffer.concat([gzip.subarray(0, gzip.length - 8), Buffer.alloc(8)]), unreadable, 0],
  'something behind the gzip': [compressed, Buffer.concat([gzip, Buffer.from('x')]), unreadable, 0],
  'an encoding that nobody knows': [{ 'Content-Encoding': 'br' }, zlib.brotliCompressSync(two), unreadable, 0],
  'chunks that are none': [inChunks, Buffer.from('3\r\n[1,\r\nzz\r\n'), unreadable, 0],
  'more than the limit': [{}, Buffer.from(`["${'x'.repeat(5000)}"]`), unreadable, 0],
  'more than the limit in chunks': [inChunks, chunked(`["${'x'.repeat(5000)}"]`), unreadable, 0],
  'more than the limit, compressed': [compressed, zlib.gzipSync(`["${'x'.repeat(5000)}"]`), unreadable, 0],
};

function bytesOf(key, [headers, body]) {
  const length = headers['Transfer-Encoding'] ? {} : { 'Content-Length': body.length };
  const head = requestText({ method: 'POST', target: '/bulk', headers: { Authorization: key, 'X-LaunchDarkly-Event-Schema': 4, ...length, ...headers } });
  return Buffer.concat([Buffer.from(head), body]);
}

function check(text, { status, body, type }, name) {
  const end = text.indexOf('\r\n\r\n');
  assert.ok(end > 0, `${name}: no answer but ${JSON.stringify(text)}`);
  const head = parseHead(text.slice(0, end + 4));
  assert.deepEqual({ status: head.status, body: text.slice(end + 4), type: head.headers['content-type'] }, { status, body, type }, name);
  assert.ok(Math.abs(Date.parse(head.headers.date) - Date.now()) < 60000, `${name}: Date`);
}

// The bytes one after the other, each in a packet of its own where the system lets them.
async function trickle(port, bytes) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  const chunks = [];
  socket.on('data', part => chunks.push(part)).on('error', () => {});
  const closed = new Promise(done => socket.on('close', done));
  for (const byte of bytes) {
    if (socket.destroyed) break;
    socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

describe('posts of events', { concurrency: 3 }, () => {
  for (const [way, send] of [['at once', exchange], ['byte by byte', trickle]]) {
    it(`each body has its answer, sent ${way}, and those between them arrive (1, 9-15)`, { timeout: 60000 * slowness }, async t => {
      const { service, relay, key } = await start(t, { events: { maxInboundPayloadSize: '4KiB' } });
      let wanted = 0;
      for (const [name, row] of Object.entries(bodies)) {
        const answer = await send(relay.port, bytesOf(key, row));
        check(answer.text ?? answer, row[2], name);
        wanted += row[3] + 1;
        assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: wanted }] }), 202);
      }
      await service.waitEvents(wanted);
      assert.equal(service.events.length, wanted);
      assert.equal((await relay.status()).events.dropped.malformed, 5);
    });
  }

  it('a body that the client cuts off is answered, and nothing of it is forwarded', async t => {
    const { service, relay, key } = await start(t);
    const whole = bytesOf(key, [{ 'Content-Length': 100 }, two]);
    check((await exchange(relay.port, whole, { finish: true })).text, unreadable, 'half closed');
    const socket = net.connect(relay.port, '127.0.0.1');
    await new Promise(done => socket.write(whole, done));
    socket.resetAndDestroy();
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 1 }] }), 202);
    await service.waitEvents(1);
    assert.equal(service.requests.length, 1);
  });

  it('a body that is announced as too large is not waited for', async t => {
    const { relay, key } = await start(t);
    check((await exchange(relay.port, bytesOf(key, [{ 'Content-Length': 64 * 1024 * 1024 + 1 }, two]))).text, unreadable, 'announced');
  });

  it('a small body that stands for a huge one takes no memory (16)', { timeout: 60000 * slowness }, async t => {
    const small = await start(t, { events: { maxInboundPayloadSize: '1KiB' } });
    const bomb = zlib.gzipSync(Buffer.alloc(10_000_000));
    await post(small.relay.port, '/bulk', { key: small.key, body: bomb, headers: compressed }); // what is there once
    const before = small.relay.memory('VmHWM');
    for (let i = 0; i < 20; i++) assert.equal(await post(small.relay.port, '/bulk', { key: small.key, body: bomb, headers: compressed }), 400);
    const grown = small.relay.memory('VmHWM') - before;
    if (!sanitized) assert.ok(grown < 1024, `${grown} KiB`);
  });

  it('posts that do not fit into the memory for events are read more slowly, and streams go on (76)', { timeout: 90000 * slowness }, async t => {
    const pair = await startPair(t, example(), { config: { Events: { sendEvents: true, eventsUri: 'http://127.0.0.1:9', maxQueueBytes: '1MiB', retryMaxAge: '1h' } } });
    const { relay, key, up } = pair;
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    const before = relay.memory('VmRSS');
    const body = `[${[...Array(1000)].map((_, n) => `{"kind":"custom","key":"k","data":"${crypto.randomBytes(125).toString('hex')}","n":${n}}`).join(',')}]`; // 300 kB: more than a quarter
    const posts = [...Array(40)].map((_, i) => post(relay.port, '/bulk', { key, body: i % 2 ? body : zlib.gzipSync(body), headers: i % 2 ? {} : compressed }));
    up.patch(key, 'flags', flag('example-flag', 99));
    await stream.find(({ json: { path, data } }) => path === '/flags/example-flag' && data.version === 99);
    assert.deepEqual(await Promise.all(posts), Array(40).fill(202));
    const { events } = await relay.waitStatus('every event is kept or counted as lost', ({ events }) => events.received === 40000 && events.pending + events.dropped.total === 40000);
    assert.ok(events.bytes <= 1048576 + 400000, `${events.bytes} bytes`);
    assert.ok(events.dropped.memory > 0, JSON.stringify(events));
    const grown = relay.memory('VmHWM') - before;
    if (!sanitized) assert.ok(grown < 10 * 1024, `${grown} KiB`); // of 12 MB; each connection has a read buffer, some a decoder
  });

  it('many slow posts at once all arrive', { timeout: 90000 * slowness }, async t => {
    const { service, relay, key } = await start(t, { events: { maxQueueBytes: '4MiB' } });
    const count = 100; // twice the quarter of the memory
    await Promise.all([...Array(count)].map(async (_, i) => {
      const body = Buffer.from(JSON.stringify([{ n: i, data: 'x'.repeat(20000) }]));
      const socket = net.connect(relay.port, '127.0.0.1');
      let text = '';
      socket.setEncoding('latin1').on('data', part => { text += part; }).on('error', () => {});
      const closed = new Promise(done => socket.on('close', done));
      const bytes = bytesOf(key, [{}, body]);
      for (let at = 0; at < bytes.length; at += 4000) {
        socket.write(bytes.subarray(at, at + 4000));
        await pause(5);
      }
      await closed;
      check(text, taken, `post ${i}`);
    }));
    await service.waitEvents(count);
    assert.deepEqual(numbers(service.events), [...Array(count).keys()]);
  });

  it('an environment whose upstream has never answered takes events (18)', async t => {
    const service = await startEventsService(t);
    const { relay, key, mobile, id } = await startPair(t, null, {
      wait: false, main: { streamUri: 'http://127.0.0.1:9', initTimeout: '1m' },
      config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '200ms' } } });
    await until('the port', () => relay.get('/livez').then(({ status }) => status === 200, () => false));
    assert.equal((await relay.get('/all', { Authorization: key })).status, 503);
    for (const [target, more] of [['/bulk', { key }], ['/mobile', { key: mobile }], [`/events/bulk/${id}`, {}]]) {
      assert.equal(await post(relay.port, target, { ...more, body: [{ n: 1 }] }), 202);
    }
    await service.waitEvents(3);
  });

  it('images carry events in every form of base64 (19-21)', async t => {
    const { service, relay, id } = await start(t);
    const events = key => JSON.stringify([{ kind: 'custom', creationDate: 1000, key, contextKeys: { user: 'u' } }]);
    const image = Buffer.from('47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b', 'hex');
    const forms = {
      standard: encodeURIComponent(Buffer.from(events('standard')).toString('base64')),
      bare: Buffer.from(events('bare')).toString('base64url'),
      'k?>': 'W3sia2luZCI6ImN1c3RvbSIsImNyZWF0aW9uRGF0ZSI6MTAwMCwia2V5Ijoiaz8-IiwiY29udGV4dEtleXMiOnsidXNlciI6InUifX1d',
    };
    for (const d of [...Object.values(forms), '***', '']) {
      const { text } = await exchange(relay.port, requestText({ target: `/a/${id}.gif?d=${d}` }));
      const end = text.indexOf('\r\n\r\n');
      assert.deepEqual(Buffer.from(text.slice(end + 4), 'latin1'), image);
    }
    await service.waitEvents(3);
    assert.deepEqual(service.events.map(({ key }) => key).sort(), Object.keys(forms).sort());
    for (const { url, headers } of service.requests) {
      assert.equal(url, `/events/bulk/${id}`);
      assert.equal(headers['x-launchdarkly-event-schema'], '3');
      assert.equal(headers.authorization, undefined);
    }
  });
});
