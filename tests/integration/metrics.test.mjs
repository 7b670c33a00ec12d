// Metrics for Prometheus (telemetry.md 2, 7): the listener, the format, and what the numbers say. Numbers are lines of its checklist.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { dataset, flag, sdkKey, segment } from './lib/data.mjs';
import { startDatabase } from './lib/databases.mjs';
import { post, startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { freePort } from './lib/ports.mjs';
import { runProgram, startRelay, temporaryFolder } from './lib/relay.mjs';
import { request } from './lib/request.mjs';
import { root } from './lib/secrets.mjs';
import { patch } from './lib/segments.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

// The text format 0.0.4, and nothing that is looser: { name: { type, help, series: Map('a="b",c="d"' -> number) } }. Throws.
function parse(text) {
  const families = {};
  let current;
  assert.ok(text.endsWith('\n'), 'the last line has an end');
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-z_:][a-z0-9_:]*) (\S.*)$/.exec(line);
    const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram)$/.exec(line);
    const sample = /^([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))+)\})? (-?[0-9]+(?:\.[0-9]+)?)$/.exec(line);
    if (help) {
      assert.ok(!families[help[1]], `one HELP: ${line}`);
      assert.ok(!current || (current.name < help[1] && current.series.size > 0), `families in order, none empty: ${line}`);
      current = families[help[1]] = { name: help[1], help: help[2], series: new Map() };
    } else if (type) {
      assert.ok(current?.name === type[1] && !current.type, `TYPE after HELP: ${line}`);
      current.type = type[2];
    } else {
      assert.ok(sample, `no line of the format: ${line}`);
      assert.ok(sample[1] === current?.name && current.type, `a sample of its family: ${line}`);
      assert.ok(!current.series.has(sample[2] ?? ''), `each series once: ${line}`);
      const names = [...(sample[2] ?? '').matchAll(/([a-z_]+)="(?:[^"\\]|\\.)*"/g)].map(match => match[1]);
      assert.deepEqual(names, [...names].sort(), `labels in order: ${line}`);
      current.series.set(sample[2] ?? '', Number(sample[3]));
    }
  }
  return families;
}

async function scrape(port, options = {}) {
  const answer = await request(port, { target: '/metrics', ...options });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  return parse(answer.body);
}

const valueOf = (families, name, labels = '') => families[name]?.series.get(labels);
const sum = (families, name, fits = /^/) => [...families[name].series].filter(([labels]) => fits.test(labels)).reduce((all, [, value]) => all + value, 0);

// As startPair(), with a metrics listener.
async function start(t, data, { config, ...options } = {}) {
  const port = await freePort();
  const pair = await startPair(t, data, { config: { Prometheus: { enabled: true, port, listenAddress: '127.0.0.1' }, ...config }, ...options });
  const value = async (name, labels) => valueOf(await scrape(port), name, labels);
  return { ...pair, port, value, waitValue: (name, labels, wanted) => {
    let last;
    return until(() => `${name}{${labels}} ${wanted}; it is ${last}\n${pair.relay.log}`, async () => (last = await value(name, labels)) === wanted);
  } };
}

async function startWithEvents(t, { events, ...options } = {}) {
  const service = await startEventsService(t);
  return { service, ...await start(t, dataset([flag('f')]), {
    config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '100ms', ...events } },
    main: { disableUsageReporting: true }, ...options }) };
}

describe('metrics', { concurrency: 3 }, () => {
  it('are off unless they are wanted, and never on the main port', async t => {
    const port = await freePort();
    const { relay } = await startPair(t, dataset([flag('f')]), { config: { Prometheus: { port } } });
    await assert.rejects(request(port, { target: '/metrics' }), /ECONNREFUSED/);
    assert.equal((await relay.get('/metrics')).status, 404);
    assert.doesNotMatch(relay.log, /Successfully registered/);
  });

  it('/metrics answers any method; every other path is 404 (11)', async t => {
    const { relay, port } = await start(t, dataset([flag('f')]));
    assert.equal(relay.logCount(/INFO: Successfully registered Prometheus metrics exporter$/), 1);
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'REPORT'])
      await scrape(port, { method });
    const head = await request(port, { target: '/metrics', method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.ok(Number(head.headers['content-length']) > 1000);
    for (const target of ['/metrics/', '/', '/status', '/metricsx', '/bulk']) {
      const answer = await request(port, { target });
      assert.deepEqual([answer.status, answer.body], [404, '404 page not found\n'], target);
    }
    assert.equal((await relay.get('/metrics')).status, 404);
    const zipped = await request(port, { target: '/metrics', headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
  });

  it('what the process, its environments and its streams are', async t => {
    const { relay, port, key, waitValue } = await start(t, dataset([flag('a'), flag('b')], [segment('s')]));
    const families = await scrape(port);
    assert.match([...families.flagrelay_build_info.series.keys()][0], /^compiler=".+",libuv="1\.\d+\.\d+",openssl="3\.\d+\.\d+",sqlite="3\.\d+\.\d+",version="\d+\.\d+\.\d+"$/);
    assert.equal(valueOf(families, 'flagrelay_environment_up', 'env="prod"'), 1);
    assert.equal(valueOf(families, 'flagrelay_dataset_items', 'env="prod",kind="flags"'), 2);
    assert.equal(valueOf(families, 'flagrelay_dataset_items', 'env="prod",kind="segments"'), 1);
    assert.equal(valueOf(families, 'flagrelay_stream_clients', 'env="prod",stream="all"'), 0);
    assert.equal(valueOf(families, 'flagrelay_http_connections_rejected_total', 'reason="tls"'), 0);
    assert.equal(families.process_cpu_seconds_total.type, 'counter');
    assert.ok(Math.abs(valueOf(families, 'process_start_time_seconds') - Date.now() / 1000) < 600);
    assert.ok(Math.abs(valueOf(families, 'process_open_fds') - relay.descriptors()) <= 5);
    assert.ok(valueOf(families, 'process_resident_memory_bytes') > 1e6);
    for (const absent of ['flagrelay_store_available', 'flagrelay_events_received_total', 'flagrelay_big_segments_synchronized_timestamp_seconds'])
      assert.ok(!families[absent], absent);
    const stream = openStream(t, relay.port, '/all', key);
    await stream.head();
    await waitValue('flagrelay_stream_clients', 'env="prod",stream="all"', 1);
    assert.ok(valueOf(await scrape(port), 'flagrelay_http_connections', 'protocol="h1",tls="false"') >= 1);
    stream.close();
    await waitValue('flagrelay_stream_clients', 'env="prod",stream="all"', 0);
  });

  it('the documentation names every metric and no other', () => {
    const text = fs.readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
    const table = fs.readFileSync(path.join(root, 'src/telemetry/metrics.c'), 'utf8');
    const unique = (source, expression) => [...new Set([...source.matchAll(expression)].map(match => match[1]))].sort();
    assert.deepEqual(unique(text, /\b((?:flagrelay|process)_[a-z_]+)\b/g), unique(table, /\{"([a-z_]+)",\s+METRIC_/g));
  });

  it('an environment may have any name (13)', async t => {
    const up = await startUpstream(t);
    const port = await freePort();
    const names = ['My Proj "x"', 'back\\slash', 'Größe {1,2}'];
    const environments = Object.fromEntries(names.map(name => [name, { sdkKey: sdkKey() }]));
    for (const name of names) up.environments[environments[name].sdkKey] = dataset([flag('f')]);
    const sections = names.map(name => `[Environment "${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"]\nsdkKey = ${environments[name].sdkKey}\n`);
    const relay = await startRelay(t, { config: `[Main]\nport = {port}\nstreamUri = ${up.uri}\nbaseUri = ${up.uri}\n[Prometheus]\nenabled = true\nport = ${port}\n${sections.join('')}` });
    await relay.waitHealthy();
    const written = ['env="My Proj \\"x\\""', 'env="back\\\\slash"', 'env="Größe {1,2}"'];
    assert.deepEqual(Object.fromEntries((await scrape(port)).flagrelay_environment_up.series), Object.fromEntries(written.map(labels => [labels, 1])));
  });

  it('what became of events adds up (events.md 15)', async t => {
    const { service, relay, port, key, mobile, id, value, waitValue } = await startWithEvents(t);
    const body = [{ n: 1 }, { n: 2 }];
    for (const again of [1, 2])
      assert.equal(await post(relay.port, '/bulk', { key, body, headers: { 'X-LaunchDarkly-Payload-ID': 'same' } }), 202, again);
    assert.equal(await post(relay.port, '/mobile', { key: mobile, body: [{ n: 3 }] }), 202);
    assert.equal(await post(relay.port, `/events/bulk/${id}`, { body: [{ n: 4 }] }), 202);
    assert.equal(await post(relay.port, '/diagnostic', { key, body: { kind: 'diagnostic' } }), 202);
    assert.equal(await post(relay.port, '/bulk', { key, body: '[{"n":' }), 202);
    await service.waitEvents(4);
    await waitValue('flagrelay_events_sent_total', 'env="prod"', 4);
    await waitValue('flagrelay_events_received_total', 'env="prod",kind="diagnostic"', 1);
    const families = await scrape(port);
    const bytes = JSON.stringify(body).length;
    for (const [labels, events, size] of [['server', 4, 2 * bytes], ['mobile', 1, 9], ['browser', 1, 9]]) {
      assert.equal(valueOf(families, 'flagrelay_events_received_total', `env="prod",kind="${labels}"`), events);
      assert.equal(valueOf(families, 'flagrelay_events_received_bytes_total', `env="prod",kind="${labels}"`), size);
      assert.equal(valueOf(families, 'flagrelay_events_enabled', `env="prod",family="${labels}"`), 1);
    }
    assert.equal(valueOf(families, 'flagrelay_events_duplicates_total', 'env="prod"'), 1);
    assert.equal(valueOf(families, 'flagrelay_events_sent_bytes_total', 'env="prod"'), bytes + 18);
    assert.equal(sum(families, 'flagrelay_events_dropped_total', /env="prod"/), 0);
    assert.equal(valueOf(families, 'flagrelay_events_dropped_total', 'env="",reason="malformed"'), 1);
    assert.equal(valueOf(families, 'flagrelay_events_queue_limit_bytes'), 67108864);
    await waitValue('flagrelay_events_queue', 'env="prod"', 0);
    assert.equal(await value('flagrelay_events_oldest_age_seconds', 'env="prod"'), undefined);
    assert.equal(await value('flagrelay_events_spool_bytes'), undefined);
  });

  it('events that nobody wants are counted with their reason, and the family is off', async t => {
    const { service, relay, port, key, waitValue } = await startWithEvents(t);
    service.answer = 401;
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 1 }, { n: 2 }, { n: 3 }] }), 202);
    await waitValue('flagrelay_events_enabled', 'env="prod",family="server"', 0);
    await waitValue('flagrelay_events_dropped_total', 'env="prod",reason="refused"', 3);
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 4 }] }), 202);
    await waitValue('flagrelay_events_dropped_total', 'env="prod",reason="switched_off"', 1);
    const families = await scrape(port);
    assert.equal(valueOf(families, 'flagrelay_events_enabled', 'env="prod",family="mobile"'), 1);
    const { events } = await relay.status();
    assert.equal(sum(families, 'flagrelay_events_dropped_total'), events.dropped.total);
    assert.equal(valueOf(families, 'flagrelay_events_sent_total', 'env="prod"'), 0);
  });

  it('events that wait are in the queue, with their age and their bytes; a spool has its own', async t => {
    const { service, relay, port, key, waitValue } = await startWithEvents(t, { events: { spoolDir: temporaryFolder(t), maxQueueBytes: '1MiB' } });
    service.answer = 503;
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 1 }, { n: 2 }] }), 202);
    await service.waitRequests(1);
    await waitValue('flagrelay_events_queue', 'env="prod"', 2);
    const families = await scrape(port);
    assert.ok(valueOf(families, 'flagrelay_events_oldest_age_seconds', 'env="prod"') >= 0);
    assert.ok(valueOf(families, 'flagrelay_events_queue_bytes', 'env="prod"') > 0);
    assert.ok(valueOf(families, 'flagrelay_events_spool_bytes') > 0);
    assert.equal(sum(families, 'flagrelay_events_queue_bytes'), (await relay.status()).events.bytes);
    service.answer = 202;
    await waitValue('flagrelay_events_queue', 'env="prod"', 0);
    await waitValue('flagrelay_events_sent_total', 'env="prod"', 2);
  });

  it('big segments: patches, members and when they were complete (big-segments.md 9)', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    const segments = up.segmentsOf(key);
    const { relay, port, waitValue } = await start(t, dataset([flag('a')]), { upstream: up, key, config: { SQLite: { path: 'flags.db' } } });
    const before = await scrape(port);
    for (const absent of ['patches_total', 'members_total', 'synchronized_timestamp_seconds'])
      assert.ok(!before[`flagrelay_big_segments_${absent}`], absent);
    assert.equal(valueOf(before, 'flagrelay_store_available', 'env="prod",store="sqlite"'), 1);
    segments.add(patch('vip.g1', '', '1', { add: ['alice', 'bob'] }), patch('vip.g1', '1', '2', { remove: ['bob'] }));
    const began = Date.now() / 1000;
    up.patch(key, 'segments', segment('vip', 2, { unbounded: true, generation: 1 }));
    await waitValue('flagrelay_big_segments_patches_total', 'env="prod",result="applied"', 2);
    const when = await until(() => `a time of synchronisation\n${relay.log}`, async () =>
      valueOf(await scrape(port), 'flagrelay_big_segments_synchronized_timestamp_seconds', 'env="prod"'));
    assert.ok(when > began - 5 && when < Date.now() / 1000 + 5, `${when}`);
    const families = await scrape(port);
    assert.equal(valueOf(families, 'flagrelay_big_segments_members_total', 'change="add",env="prod"'), 2);
    assert.equal(valueOf(families, 'flagrelay_big_segments_members_total', 'change="remove",env="prod"'), 1);
    for (const result of ['already', 'error', 'mismatch'])
      assert.equal(valueOf(families, 'flagrelay_big_segments_patches_total', `env="prod",result="${result}"`), 0);
  });

  it('a database that goes away is not available, until it is back (34)', async t => {
    const redis = await startDatabase(t, 'redis');
    const { waitValue } = await start(t, dataset([flag('a')]), { config: { Redis: { ...redis.section(redis.port).Redis, healthCheckInterval: '1s' } } });
    await waitValue('flagrelay_store_available', 'env="prod",store="redis"', 1);
    await redis.kill();
    await waitValue('flagrelay_store_available', 'env="prod",store="redis"', 0);
    await redis.start();
    await waitValue('flagrelay_store_available', 'env="prod",store="redis"', 1);
  });

  it('many scrapes at once are all answered, and the end of the relay waits for none', async t => {
    const { relay, port } = await start(t, dataset([flag('f')]));
    const all = await Promise.all([...Array(40)].map(() => scrape(port)));
    assert.equal(all.length, 40);
    const idle = net.connect(port, '127.0.0.1');
    idle.on('error', () => {});
    await new Promise(done => idle.once('connect', done));
    idle.write('GET /metrics HT');
    const began = performance.now();
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    idle.destroy();
    assert.ok(performance.now() - began < 5000 * slowness);
  });

  it('a port that is in use stops the start, and a prefix without effect is told of', async t => {
    const taken = net.createServer();
    await new Promise(done => taken.listen(0, '127.0.0.1', done));
    t.after(() => taken.close());
    const { port } = taken.address();
    const ended = await runProgram({ cwd: temporaryFolder(t), args: ['--from-env'], env: {
      PORT: String(await freePort()), LD_ENV_prod: sdkKey(), USE_PROMETHEUS: 'true', PROMETHEUS_PORT: String(port),
      PROMETHEUS_LISTEN_ADDRESS: '127.0.0.1', STREAM_URI: 'http://127.0.0.1:1', BASE_URI: 'http://127.0.0.1:1' } });
    const why = `failed to start Prometheus listener: listen tcp 127\\.0\\.0\\.1:${port}: bind: address already in use`;
    assert.equal(ended.code, 1, ended.stdout);
    assert.match(ended.stdout + ended.stderr, new RegExp(`ERROR: Error registering Prometheus metrics exporter: ${why}\\n`));
    assert.match(ended.stdout + ended.stderr, new RegExp(`ERROR: Unable to create relay: unable to create metrics manager: ${why}\\n`));
    assert.doesNotMatch(ended.stdout + ended.stderr, /Starting LaunchDarkly client/);
    const { relay } = await startPair(t, dataset([flag('f')]), { config: { Prometheus: { enabled: true, port: await freePort(), prefix: 'mine' } } });
    assert.equal(relay.logCount(/WARN: \[Prometheus\] prefix has no effect/), 1);
  });
});
