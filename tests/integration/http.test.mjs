// What every endpoint relies on: connections that are kept, requests one behind the other, bodies of all kinds, limits, HEAD,
// compression (http-api.md 2.3, 5.3, 10.1, 10.5).
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import { dataset, flag, segment } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { exchange, request, requestText } from './lib/request.mjs';
import { slowness, within } from './lib/wait.mjs';

const context = '{"kind":"user","key":"alice"}';
const coded = Buffer.from(context).toString('base64url');
const json = { 'Content-Type': 'application/json' };
const many = () => dataset([...Array(50)].map((_, i) => flag(`flag-${i}`, 1)), [segment('s', 1)]);

// One request through the agent: { status, headers, body }.
function ask(agent, port, { method = 'GET', target, headers = {}, body, chunks }) {
  return within(`the answer to ${method} ${target}`, new Promise((done, fail) => {
    const req = http.request({ port, agent, method, path: target, headers: { ...headers, ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }) } }, res => {
      const parts = [];
      res.on('data', part => parts.push(part));
      res.on('end', () => done({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) }));
      res.on('error', fail);
    });
    req.on('error', fail);
    for (const chunk of chunks ?? []) req.write(chunk);
    req.end(body);
  }));
}

// Every kind of request, and the status that it must have.
const kinds = ({ key, mobile, id }) => [
  [200, { target: '/sdk/flags', headers: { Authorization: key } }],
  [304, { target: '/sdk/flags', headers: { Authorization: key, 'If-None-Match': '*' } }],
  [200, { method: 'HEAD', target: '/sdk/flags/flag-1', headers: { Authorization: key } }],
  [200, { target: `/sdk/evalx/${id}/contexts/${coded}` }],
  [200, { method: 'REPORT', target: '/msdk/evalx/context', headers: { ...json, Authorization: mobile }, body: context }],
  [200, { method: 'REPORT', target: `/sdk/evalx/${id}/user`, headers: { ...json, 'Transfer-Encoding': 'chunked' }, chunks: [context.slice(0, 1), context.slice(1, 20), context.slice(20)] }],
  [200, { method: 'POST', target: '/ofrep/v1/evaluate/flags', headers: { ...json, 'X-API-Key': id, 'Transfer-Encoding': 'chunked' }, chunks: ['{"context":', '{"targetingKey":"a"}}'] }],
  [404, { method: 'POST', target: '/ofrep/v1/evaluate/flags/nope', headers: { ...json, Authorization: `Bearer ${key}` }, body: '{"context":{"targetingKey":"a"}}' }],
  [200, { method: 'OPTIONS', target: `/sdk/goals/${id}` }],
  [415, { method: 'REPORT', target: '/sdk/evalx/user', headers: { Authorization: key }, body: context }],
  [400, { target: `/sdk/evalx/${id}/contexts/e30` }],
  [401, { target: '/sdk/latest-all', headers: { Authorization: 'nobody' } }],
  [404, { target: '/nope' }],
  [405, { method: 'PUT', target: '/sdk/flags', headers: { Authorization: key }, body: 'ignored' }],
];

describe('HTTP/1.1', { concurrency: 4, timeout: 60000 * slowness }, () => {
  it('78: a thousand requests of all kinds over one connection', async t => {
    const pair = await startPair(t, many());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    let sockets = 0;
    const { createConnection } = agent;
    agent.createConnection = (...words) => { sockets++; return createConnection.apply(agent, words); };
    const all = kinds(pair);
    for (let i = 0; i < 1000; i++) {
      const [status, one] = all[i % all.length];
      const answer = await ask(agent, pair.relay.port, one);
      assert.equal(answer.status, status, `${i}: ${one.method ?? 'GET'} ${one.target}`);
      if (status === 304 || one.method === 'HEAD') assert.equal(answer.body.length, 0);
      else assert.equal(answer.headers['content-length'], String(answer.body.length));
    }
    assert.equal(sockets, 1);
  });

  it('78: requests one behind the other, with bodies of both kinds, are answered in order', async t => {
    const { relay, mobile, id } = await startPair(t, many());
    const length = requestText({ method: 'REPORT', target: '/msdk/evalx/context', headers: { ...json, Authorization: mobile }, body: context, close: false });
    const chunked = `${requestText({ method: 'REPORT', target: `/sdk/evalx/${id}/context?withReasons=true`, headers: { ...json, 'Transfer-Encoding': 'chunked' }, close: false })}1d;x=y\r\n${context}\r\n0\r\nX-Trailer: z\r\n\r\n`;
    const bad = requestText({ target: `/sdk/evalx/${id}/contexts/e30`, close: false });
    const { text } = await exchange(relay.port, (length + chunked + bad).repeat(100) + requestText({ target: '/status' }), { ms: 20000 });
    const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/);
    assert.equal(answers.length, 301);
    for (let i = 0; i < 300; i += 3) {
      assert.match(answers[i], /^HTTP\/1\.1 200 [^]*"flag-0":\{"value":"a","variation":0,"version":1\}/);
      assert.match(answers[i + 1], /^HTTP\/1\.1 200 [^]*"flag-0":\{"value":"a","variation":0,"version":1,"reason":\{"kind":"FALLTHROUGH"\}\}/);
      assert.match(answers[i + 2], /^HTTP\/1\.1 400 /);
    }
  });

  it('limits of heads, addresses and bodies; 100-continue only for what is wanted', async t => {
    const { relay, mobile, id } = await startPair(t, many(), { main: { maxRequestHeaderSize: '8KiB', maxClientRequestBodySize: '1KiB' } });
    const report = (headers, body) => ({ method: 'REPORT', target: '/msdk/evalx/context', headers: { ...json, Authorization: mobile, ...headers }, body });
    const exactly = `{"key":"${'x'.repeat(1024 - '{"key":""}'.length)}"}`;
    assert.equal((await request(relay.port, report({}, exactly))).status, 200);
    const over = await request(relay.port, report({}, `${exactly} `));
    assert.deepEqual([over.status, over.body], [413, '{"message":"Request body exceeds maximum allowed size."}']);
    const chunks = await exchange(relay.port, `${requestText(report({ 'Transfer-Encoding': 'chunked' }, ''))}401\r\n${exactly} \r\n0\r\n\r\n`);
    assert.match(chunks.text, /^HTTP\/1\.1 413 /);
    assert.equal((await request(relay.port, { target: `/sdk/evalx/${id}/contexts/${'A'.repeat(20000)}` })).status, 431);
    const wanted = await exchange(relay.port, requestText(report({ Expect: '100-continue' }, context)));
    assert.match(wanted.text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    for (const headers of [{ Authorization: 'nobody' }, { 'Content-Type': 'text/plain' }, { 'Content-Length': '99999' }]) {
      const { text } = await exchange(relay.port, requestText(report({ Expect: '100-continue', ...headers }, '')));
      assert.match(text, /^HTTP\/1\.1 4\d\d [^]*\r\nConnection: close\r\n/, JSON.stringify(headers));
    }
  });

  it('85: compression: the same bytes and the same tag; made once for all, or for one context', async t => {
    const { relay, key, id } = await startPair(t, many(), { config: { Http: { enableCompression: true } } });
    const agent = new http.Agent();
    const gzip = { 'Accept-Encoding': 'gzip' };
    for (const one of [{ target: '/sdk/flags', headers: { Authorization: key } }, { target: '/sdk/latest-all', headers: { Authorization: key } }, { target: `/sdk/evalx/${id}/contexts/${coded}` },
      { method: 'POST', target: '/ofrep/v1/evaluate/flags', headers: { ...json, 'X-API-Key': key }, body: '{"context":{"targetingKey":"a"}}' }]) {
      const plain = await ask(agent, relay.port, one);
      const packed = await ask(agent, relay.port, { ...one, headers: { ...one.headers, ...gzip } });
      assert.deepEqual([plain.headers['content-encoding'], packed.headers['content-encoding']], [undefined, 'gzip'], one.target);
      assert.deepEqual(zlib.gunzipSync(packed.body), plain.body);
      assert.equal(packed.headers.etag, plain.headers.etag);
      assert.equal(packed.headers['content-length'], String(packed.body.length));
      assert.match(packed.headers.vary, /Accept-Encoding/);
      if (!plain.headers.etag) continue;
      const again = await ask(agent, relay.port, { ...one, headers: { ...one.headers, ...gzip, 'If-None-Match': packed.headers.etag } });
      assert.deepEqual([again.status, again.body.length, again.headers['content-encoding']], [304, 0, undefined]);
    }
    assert.equal((await ask(agent, relay.port, { target: '/sdk/flags/flag-1', headers: { Authorization: key, ...gzip } })).headers['content-encoding'], undefined, 'too small');
  });

  it('a hundred broken flags, asked for again and again, do not fill the log', async t => {
    const broken = dataset([...Array(100)].map((_, i) => flag(`broken-${i}`, 1, { fallthrough: { variation: 9 } })));
    const { relay, id } = await startPair(t, broken);
    for (let i = 0; i < 20; i++) assert.equal((await request(relay.port, { target: `/sdk/evalx/${id}/contexts/${coded}` })).status, 200);
    const lines = relay.log.split('\n').filter(line => /Invalid flag configuration/.test(line));
    assert.ok(lines.length > 0 && lines.length <= 5, `${lines.length} lines`);
  });
});
