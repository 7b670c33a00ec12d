// Events from SDKs to the events service through the program: nothing that was accepted is lost (events.md 13.7).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { dataset, flag, sdkKey } from './lib/data.mjs';
import { numbers, post, postMany, startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { startRelay, temporaryFolder } from './lib/relay.mjs';
import { secret } from './lib/secrets.mjs';
import { startServer } from './lib/server.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

const counted = count => [...Array(count).keys()];

// What the n-th SDK has counted of 30 of 100 flags; added to `wanted` by flag and value.
function summaryOf(n, wanted) {
  const features = {};
  for (let i = 0; i < 30; i++) {
    const name = `flag-${(n + 3 * i) % 100}`;
    const value = (n * i) % 7 > 2;
    const count = 1 + (Math.imul(n * 31 + i, 2654435761) >>> 2);
    features[name] = { default: false, contextKinds: ['user'], counters: [{ variation: value ? 0 : 1, version: 3, value, count }] };
    wanted[`${name} ${value}`] = (wanted[`${name} ${value}`] ?? 0) + count;
  }
  return { kind: 'summary', startDate: 1700000000000 + n, endDate: 1700000000500 + n, features };
}

async function start(t, { events, config, ...options } = {}) {
  const service = await startEventsService(t);
  const pair = await startPair(t, dataset([flag('f')]), {
    config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '200ms', ...events }, ...config }, ...options });
  return { service, ...pair };
}

describe('events', () => {
  it('a burst of 100,000 events in 5,000 posts over 40 connections arrives whole', { timeout: 60000 * slowness }, async t => {
    const { service, relay, key } = await start(t, { events: { flushInterval: '1s' } });
    const accepted = await postMany(relay.port, { key, posts: 5000, each: 20, connections: 40 });
    assert.equal(accepted, 5000);
    await service.waitEvents(100000, 20000);
    assert.deepEqual(numbers(service.events), counted(100000));
    assert.equal(service.repeated, 0);
    for (const request of service.requests) {
      assert.equal(request.headers.authorization, key);
      assert.equal(request.headers['content-encoding'], 'gzip');
    }
  });

  it('each family goes to its own path with its own credential, in the order of the posts', async t => {
    const { service, relay, key, mobile, id } = await start(t);
    const rows = [['/bulk', key, '/bulk', key], ['/mobile', mobile, '/mobile', mobile], ['/mobile/events', mobile, '/mobile', mobile],
      ['/mobile/events/bulk', mobile, '/mobile', mobile], [`/events/bulk/${id}`, undefined, `/events/bulk/${id}`, undefined]];
    for (const [target, credential] of rows)
      for (const n of [1, 2, 3]) assert.equal(await post(relay.port, target, { key: credential, body: [{ n, target }] }), 202);
    await service.waitEvents(15);
    for (const [target, , path, credential] of rows) {
      const batches = service.at(path);
      assert.ok(batches.every(batch => batch.headers.authorization === credential));
      assert.deepEqual(service.events.filter(event => event.target === target).map(event => event.n), [1, 2, 3]);
    }
  });

  it('an environment with a payload filter has requests of its own, under the same key', async t => {
    const key = sdkKey();
    const up = await startUpstream(t, { [`${key}?small`]: dataset([flag('f')]) });
    const { service, relay } = await start(t, { upstream: up, key, environment: { projKey: 'shop' }, config: { 'Filters "shop"': { keys: 'small' } } });
    for (const target of ['/bulk', '/bulk?filter=small', '/bulk?filter=small'])
      assert.equal(await post(relay.port, target, { key, body: [{ n: 1 }] }), 202);
    await service.waitEvents(3);
    assert.deepEqual(service.requests.map(request => [request.url, request.headers.authorization, JSON.parse(request.text).length]).sort(),
      [['/bulk', key, 1], ['/bulk', key, 2]]);
  });

  it('events go through the configured proxy (64)', async t => {
    const seen = [];
    const proxy = await startServer(t, (req, res) => {
      seen.push(req.url);
      const out = http.request(req.url, { method: req.method, headers: req.headers }, answer => { res.writeHead(answer.statusCode, answer.headers); answer.pipe(res); });
      out.on('error', () => res.destroy());
      req.pipe(out);
    });
    const { service, relay, key } = await start(t, { config: { Proxy: { url: proxy.uri } } });
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 1 }] }), 202);
    await service.waitEvents(1);
    assert.ok(seen.includes(`${service.uri}/bulk`));
  });

  it('an outage of the service loses nothing (77)', { timeout: 60000 * slowness }, async t => {
    const { service, relay, key } = await start(t);
    service.answer = 503;
    const during = await postMany(relay.port, { key, posts: 500, each: 10, connections: 10 });
    await relay.waitLog(/Received HTTP error 503 for sending events - keeping \d+ events for retry/);
    const more = await postMany(relay.port, { key, posts: 500, each: 10, connections: 10, first: 5000 });
    assert.equal(during + more, 1000);
    service.answer = 202;
    await service.waitEvents(10000, 20000);
    assert.deepEqual(numbers(service.events), counted(10000));
    assert.deepEqual(service.changed, []);
    assert.match(relay.log, /Events service reachable again; sending \d+ kept events/);
  });

  it('an outage that is longer than memory: summaries are merged, and all that they counted arrives', { timeout: 60000 * slowness }, async t => {
    const posts = 5000;
    const { service, relay, key } = await start(t, { events: { maxQueueBytes: '2MiB', flushInterval: '100ms' } });
    const wanted = {};
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    t.after(() => agent.destroy());
    service.answer = 503;
    await Promise.all(counted(8).map(async client => {
      for (let n = client; n < posts; n += 8) {
        const body = [{ kind: 'index', creationDate: n, context: { kind: 'user', key: `user-${n}` } }, summaryOf(n, wanted)];
        assert.equal(await post(relay.port, '/bulk', { key, body, agent }), 202);
        if (n % 80 === client) await relay.waitStatus('room for more', ({ events: { bytes, limitBytes } }) => bytes < 0.8 * limitBytes, 20000);
      }
    }));
    const { events } = await relay.waitStatus('all posts', ({ events: { received, pending, merged } }) => received === 2 * posts && received === pending + merged);
    assert.equal(events.dropped.total, 0);
    assert.ok(events.merged > 100, `${events.merged} of ${posts} summaries were merged`);
    assert.ok(events.bytes <= events.limitBytes);
    service.answer = 202;
    await until(() => `all index events, there are ${service.events.length} events`, () => service.events.filter(({ kind }) => kind === 'index').length >= posts, 20000);
    const users = service.events.filter(({ kind }) => kind === 'index').map(({ context }) => context.key);
    assert.equal(new Set(users).size, posts);
    const got = {};
    for (const { features } of service.events.filter(({ kind }) => kind === 'summary'))
      for (const [name, { counters }] of Object.entries(features))
        for (const { count, value } of counters) got[`${name} ${value}`] = (got[`${name} ${value}`] ?? 0) + count;
    assert.deepEqual(got, wanted);
    assert.deepEqual(service.changed, []);
    assert.match(relay.log, /Event memory is nearly full; summaries of events that wait are merged: \d+ batches became one/);
  });

  it('what hangs, resets or is too large is sent again until it arrives (58, 59, 66)', async t => {
    const { service, relay, key } = await start(t);
    service.script({ reset: true }, 413, { status: 429, headers: { 'Retry-After': '1' } }, 413);
    await postMany(relay.port, { key, posts: 1, each: 64, connections: 1 });
    await service.waitEvents(64, 15000);
    assert.deepEqual(numbers(service.events), counted(64));
    assert.deepEqual(service.changed, []);
    assert.equal(service.repeated, 0);
  });

  it('SIGTERM delivers what waits (80)', async t => {
    const { service, relay, key } = await start(t, { events: { flushInterval: '1h' } });
    assert.equal(await postMany(relay.port, { key, posts: 20, each: 10, connections: 4 }), 20);
    assert.equal(service.requests.length, 0);
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    assert.deepEqual(numbers(service.events), counted(200));
  });

  it('SIGTERM with a service that is away ends in time and says what is lost', async t => {
    const { service, relay, key } = await start(t, { events: { flushInterval: '1h' }, main: { gracefulShutdownTimeout: '2s' } });
    service.answer = { hang: true };
    await postMany(relay.port, { key, posts: 1, each: 10, connections: 1 });
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    assert.match(relay.log, /Shutting down with 10 undelivered events/);
  });

  it('a post that is repeated counts once, a refused key ends one family only (60, 79)', async t => {
    const { service, relay, key, mobile } = await start(t);
    const body = [{ n: 1 }];
    for (let i = 0; i < 2; i++)
      assert.equal(await post(relay.port, '/bulk', { key, body, headers: { 'X-LaunchDarkly-Payload-ID': 'same' } }), 202);
    await service.waitEvents(1);
    service.answer = 401;
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 2 }] }), 202);
    await relay.waitLog(/Received HTTP error 401 \(invalid SDK key\) for sending events - giving up permanently/);
    service.answer = 202;
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 3 }] }), 202);
    assert.equal(await post(relay.port, '/mobile', { key: mobile, body: [{ n: 4 }] }), 202);
    await service.waitEvents(2);
    assert.deepEqual(numbers(service.events), [1, 4]);
  });

  it('a password in eventsUri, or in what a redirect says, is in no log line', async t => {
    const word = secret('p4ssw0rd-of-the-proxy');
    const service = await startEventsService(t);
    const location = `https://joe:${word}@elsewhere.example/x`;
    service.script(404, { status: 302, headers: { Location: location } });
    const { relay, key, mobile } = await startPair(t, dataset([flag('f')]), { main: { logLevel: 'debug' },
      config: { Events: { sendEvents: true, eventsUri: service.uri.replace('//', `//joe:${word}@`), flushInterval: '100ms' } } });
    assert.equal(await post(relay.port, '/bulk', { key, body: [1] }), 202);
    await relay.waitLog(/HTTP error 404 for sending events to http:\/\/joe:xxxxx@127\.0\.0\.1:\d+\/bulk; check eventsUri/);
    assert.equal(await post(relay.port, '/mobile', { key: mobile, body: [1] }), 202);
    await relay.waitLog(/redirects to "https:\/\/joe:xxxxx@elsewhere\.example\/x", which is not followed; check eventsUri/);
    assert.equal(await post(relay.port, '/diagnostic', { key, body: {} }), 202);
    await relay.waitLog(/diagnostic event to be proxied to http:\/\/joe:xxxxx@127\.0\.0\.1:\d+\/diagnostic/);
    assert.ok(!relay.log.includes(word));
  });

  it('kill -9 with a spool: all that was accepted arrives, repeated under the same ID only (81, 82, 85)', { timeout: 60000 * slowness }, async t => {
    const spoolDir = path.join(temporaryFolder(t), 'made by the relay');
    const { service, relay, key } = await start(t, { events: { spoolDir, flushInterval: '100ms' } });
    const accepted = [];
    const kill = until('1,500 posts', () => accepted.length >= 1500, 20000).then(() => relay.kill());
    await postMany(relay.port, { key, posts: 4000, each: 10, connections: 20, accepted: from => accepted.push(from) });
    await kill;
    assert.ok(accepted.length >= 1500 && accepted.length < 4000);
    for (const file of fs.readdirSync(spoolDir))
      assert.ok(!fs.readFileSync(path.join(spoolDir, file)).includes(key.slice(-12)));
    const again = await startRelay(t, { config: fs.readFileSync(path.join(relay.folder, 'relay.conf'), 'utf8'), folder: relay.folder, port: relay.port });
    const wanted = accepted.flatMap(from => counted(10).map(n => from + n));
    await until(() => `${wanted.length} events, there are ${service.events.length}`, () => {
      const there = new Set(service.events.map(event => event.n));
      return wanted.every(n => there.has(n));
    }, 20000);
    assert.equal(new Set(service.events.map(event => event.n)).size, service.events.length);
    assert.deepEqual(service.changed, []);
    await again.stop();
  });

  // 32 MB of noise, which gzip makes hardly smaller, against 1 MiB of memory.
  it('an outage is bounded by the disk, not by memory, and outlives kill -9 (13.2, 13.7)', { timeout: 60000 * slowness }, async t => {
    const spoolDir = temporaryFolder(t);
    const config = { events: { spoolDir, maxQueueBytes: '1MiB', flushInterval: '200ms' } };
    const { service, relay, key } = await start(t, config);
    service.answer = 503;
    const before = relay.memory('VmRSS');
    const accepted = await postMany(relay.port, { key, posts: 800, each: 100, connections: 8, noise: 360 });
    assert.equal(accepted, 800);
    const { events } = await relay.waitStatus('all events wait', ({ events }) => events.pending === 80000, 5000);
    assert.equal(events.dropped.total, 0);
    const grown = relay.memory('VmHWM') - before;
    const disk = fs.readdirSync(spoolDir).reduce((sum, name) => sum + fs.statSync(path.join(spoolDir, name)).size, 0);
    t.diagnostic(`${(disk / 2 ** 20).toFixed(0)} MiB on disk, memory grew by ${grown} KiB, ${events.bytes} bytes of the budget are in use`);
    assert.ok(disk > 30e6);
    if (slowness === 1) assert.ok(grown < 8 * 1024, `memory grew by ${grown} KiB`); // a sanitizer uses memory in ways of its own
    await relay.kill();
    service.answer = 202;
    const again = await startRelay(t, { config: fs.readFileSync(path.join(relay.folder, 'relay.conf'), 'utf8'), folder: relay.folder, port: relay.port });
    await service.waitEvents(80000, 20000);
    assert.deepEqual(numbers(service.events), counted(80000));
    assert.deepEqual(service.changed, []);
    const end = await again.waitStatus('nothing waits', ({ events }) => events.pending === 0);
    assert.equal(end.events.dropped.total, 0);
    t.diagnostic(`the next start took ${again.memory('VmHWM')} KiB for it`);
    await again.stop();
  });

  it('an outage that outlives the process: the next one delivers (81)', async t => {
    const { service, relay, key } = await start(t, { events: { spoolDir: temporaryFolder(t) }, main: { gracefulShutdownTimeout: '2s' } });
    service.answer = 503;
    await postMany(relay.port, { key, posts: 50, each: 10, connections: 5 });
    await relay.waitLog(/keeping \d+ events for retry/);
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    assert.doesNotMatch(relay.log, /undelivered/);
    service.answer = 202;
    const again = await startRelay(t, { config: fs.readFileSync(path.join(relay.folder, 'relay.conf'), 'utf8'), folder: relay.folder, port: relay.port });
    await service.waitEvents(500);
    assert.deepEqual(numbers(service.events), counted(500));
    assert.deepEqual(service.changed, []);
    await again.stop();
  });
});
