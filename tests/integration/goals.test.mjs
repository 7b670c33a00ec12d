// Goals are LaunchDarkly's: requests for them are passed on, and the answers kept as long as they allow (http-api.md 7).
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import { startBrowser } from './lib/browser.mjs';
import { dataset, flag } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { freePort } from './lib/ports.mjs';
import { request } from './lib/request.mjs';
import { startRelay } from './lib/relay.mjs';
import { startServer } from './lib/server.mjs';
import { slowness, until, within } from './lib/wait.mjs';

const goals = '[{"key":"g1","kind":"pageview"}]';

// A server in LaunchDarkly's place; `answer(req, res)` answers. { uri, requests, stop }
async function startGoals(t, answer) {
  const requests = [];
  const server = await startServer(t, (req, res) => { requests.push(req); answer(req, res); });
  return Object.assign(server, { requests });
}
const json = headers => (req, res) => { res.writeHead(200, { 'Content-Type': 'application/json', ...headers }); res.end(goals); };

async function start(t, answer, main = {}) {
  const up = await startGoals(t, answer);
  return { goals: up, ...await startPair(t, dataset([flag('f', 1)]), { main: { clientSideBaseUri: `${up.uri}/ignored`, ...main } }) };
}

describe('goals', { concurrency: 4, timeout: 60000 * slowness }, () => {
  it('63, 64, 67 what upstream sees, and what the client gets', async t => {
    const { goals: up, relay, id } = await start(t, (req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip', 'Access-Control-Allow-Origin': 'nobody', 'Set-Cookie': 'a=b', 'X-Theirs': 'yes', Date: 'Tue, 14 Nov 2023 22:13:20 GMT' });
      res.end(zlib.gzipSync(goals));
    });
    const answer = await request(relay.port, { target: `/sdk/goals/${id}?filter=&x=%20`, headers: { Origin: 'https://shop.example', Cookie: 'c', Authorization: 'sdk-x', 'User-Agent': 'Browser/1', 'X-LaunchDarkly-User-Agent': 'JSClient/3', 'X-Forwarded-For': '192.0.2.1' } });
    assert.deepEqual([answer.status, answer.body], [200, goals]);
    const { 'access-control-allow-origin': origin, 'x-theirs': theirs, date, 'content-type': type, 'content-length': length, 'set-cookie': cookie, 'content-encoding': encoding } = answer.headers;
    assert.deepEqual({ origin, theirs, date, type, length, cookie, encoding }, { origin: 'https://shop.example', theirs: 'yes', date: 'Tue, 14 Nov 2023 22:13:20 GMT', type: 'application/json', length: String(goals.length), cookie: undefined, encoding: undefined });
    assert.equal(answer.raw.match(/^date:/gim).length, 1);
    const [{ url, headers }] = up.requests;
    assert.equal(url, `/sdk/goals/${id}?filter=&x=%20`);
    assert.deepEqual(headers, { host: up.uri.slice('http://'.length), 'accept-encoding': 'gzip', origin: 'https://shop.example', 'user-agent': 'Browser/1', 'x-launchdarkly-user-agent': 'JSClient/3', 'x-forwarded-for': '192.0.2.1, 127.0.0.1' });
  });

  it('65 one request upstream for many clients at once, and none while the answer is fresh', async t => {
    const waiting = [];
    const { goals: up, relay, id } = await start(t, (req, res) => { waiting.push(() => json({ 'Cache-Control': 'max-age=60', ETag: '"v1"' })(req, res)); });
    const target = `/sdk/goals/${id}`;
    const all = Promise.all([...Array(50)].map(() => request(relay.port, { target })));
    await until('the request upstream', () => waiting.length > 0);
    assert.equal((await request(relay.port, { target: '/status' })).status, 200, 'nobody is held up');
    waiting.forEach(answer => answer());
    assert.deepEqual([...new Set((await all).map(({ status, body }) => `${status} ${body}`))], [`200 ${goals}`]);
    const again = await request(relay.port, { target, headers: { 'If-None-Match': 'W/"v1"' } });
    assert.deepEqual([again.status, again.body, again.headers.etag], [304, '', '"v1"']);
    assert.equal(up.requests.length, 1);
  });

  it('66 upstream away: 502, or the goals of before', async t => {
    const { goals: up, relay, id } = await start(t, json());
    const target = `/sdk/goals/${id}`;
    assert.equal((await request(relay.port, { target })).status, 200);
    await up.stop();
    const kept = await request(relay.port, { target });
    assert.deepEqual([kept.status, kept.body], [200, goals]);
    const other = await request(relay.port, { target: `${target}?other`, headers: { Origin: 'https://o' } });
    assert.deepEqual([other.status, other.body, other.headers['access-control-allow-origin'], other.headers['content-length']], [502, '', 'https://o', '0']);
    await relay.waitLog(/ERROR: http: proxy error: /);
  });

  it('who goes away, and a stop, while upstream does not answer', async t => {
    const { goals: up, relay, id } = await start(t, () => {}, { gracefulShutdownTimeout: `${2 * slowness}s` });
    const target = `/sdk/goals/${id}`;
    const gone = http.get({ port: relay.port, path: target });
    gone.on('error', () => {});
    await until('the request upstream', () => up.requests.length === 1);
    gone.destroy();
    const last = request(relay.port, { target }).catch(problem => problem.message);
    await request(relay.port, { target: '/status' });
    const { code } = await relay.stop();
    assert.equal(code, 0);
    assert.match(String(await within('the end of the request', last)), /no answer/);
  });

  it('68 with local files there are none, and nobody is asked', async t => {
    const port = await freePort();
    const relay = await startRelay(t, { args: ['--data-file', new URL('../../examples/flags.yaml', import.meta.url).pathname], config: { main: { clientSideBaseUri: `http://127.0.0.1:${port}` } } });
    await relay.waitHealthy();
    const answer = await request(relay.port, { target: '/sdk/goals/local' });
    assert.deepEqual([answer.status, answer.body, answer.headers['content-type']], [200, '[]', 'application/json']);
  });

  it('the browser SDK gets its goals', async t => {
    const { goals: up, relay, id } = await start(t, json());
    const ends = [];
    t.after(async () => { for (const end of ends.reverse()) await end(); });
    const browser = await startBrowser({ after: end => ends.push(end) });
    const page = await browser.open({ after: end => ends.push(end) }, relay.port);
    await page.run(async (...all) => (await import('/sdk.mjs')).open(...all), 3, id, { kind: 'user', key: 'alice' }, { relay: relay.url, fetchGoals: true });
    const { status, failed } = await page.request(({ method, url }) => method === 'GET' && url === `/sdk/goals/${id}`);
    assert.deepEqual([status, failed], [200, undefined]);
    assert.equal(up.requests.length, 1);
  });
});
