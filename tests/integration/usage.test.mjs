// Usage reports to the events service (events.md 11): the last one, at the end of the program; what happens each minute is in
// tests/unit/events/test_usage.c.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { dataset, flag, sdkKey } from './lib/data.mjs';
import { post, startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { openStream } from './lib/sse.mjs';

async function start(t, { main, events, ...options } = {}) {
  const service = await startEventsService(t);
  const pair = await startPair(t, dataset([flag('f')]), { main, config: { Events: { eventsUri: service.uri, ...events } }, ...options });
  return { service, ...pair };
}

const reported = (service, kind) => service.reports.flatMap(request => JSON.parse(request.text)).filter(event => event.kind === kind);

describe('usage reports', () => {
  // Checklist 72, 74, 75.
  it('at SIGTERM what was counted is reported, with the SDK key, also without sendEvents', async t => {
    const before = Date.now();
    const { service, relay, key, mobile, id } = await start(t, { main: { gracefulShutdownTimeout: '2s' } });
    const php = { Authorization: key, 'User-Agent': 'PHPClient/6.0.0' };
    for (let i = 0; i < 12; i++) assert.equal((await relay.get('/sdk/flags/f', php)).status, 200);
    const context = Buffer.from('{"kind":"user","key":"u"}').toString('base64url');
    assert.equal((await relay.get(`/msdk/evalx/contexts/${context}`, { Authorization: mobile, 'User-Agent': 'Dart/3', 'X-LaunchDarkly-User-Agent': 'Flutter/4.1', 'X-LaunchDarkly-Wrapper': 'w/1' })).status, 200);
    assert.equal((await relay.get(`/sdk/evalx/${id}/contexts/${context}`, { 'X-LaunchDarkly-User-Agent': 'JS/3' })).status, 200);
    const headers = { 'User-Agent': 'Node/9', 'X-LaunchDarkly-Instance-Id': 'i1', 'X-LaunchDarkly-Tags': 'application-id/shop' };
    assert.equal((await openStream(t, relay.port, '/all', key, { headers }).head()).status, 200);
    assert.equal((await relay.get('/all', { Authorization: 'sdk-unknown' })).status, 401);
    await relay.get('/status', { 'User-Agent': 'curl' });
    await new Promise(done => setTimeout(done, 50));
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });

    assert.equal(service.reports.length, 1);
    const [request] = service.reports;
    assert.equal(request.url, '/bulk');
    assert.equal(request.headers.authorization, key);
    assert.equal(request.headers['x-launchdarkly-event-schema'], '4');
    assert.equal(request.headers['x-launchdarkly-tags'], undefined);
    const [{ kind, relayId, startDate, endDate, ...rest }] = reported(service, 'relayMetrics');
    assert.equal(kind, 'relayMetrics');
    assert.match(relayId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(before <= startDate && startDate < endDate && endDate <= Date.now());
    rest.pollingCounts.sort((a, b) => b.count - a.count || a.userAgent.localeCompare(b.userAgent));
    assert.deepEqual(rest, { pollingCounts: [
      { userAgent: 'PHPClient_6.0.0', sdkWrapper: '_', platformCategory: 'server', count: 12 },
      { userAgent: 'Flutter_4.1', sdkWrapper: 'w_1', platformCategory: 'mobile', count: 1 },
      { userAgent: 'JS_3', sdkWrapper: '_', platformCategory: 'browser', count: 1 }] });
    const usage = reported(service, 'relayUsage');
    assert.deepEqual(usage.map(one => one.userAgent).sort(), ['Flutter/4.1', 'JS/3', 'Node/9', 'PHPClient/6.0.0']);
    const node = usage.find(one => one.userAgent === 'Node/9');
    assert.deepEqual([node.relayId, node.platformCategory, node.instanceId, node.tagsHeader], [relayId, 'server', 'i1', 'application-id/shop']);
    assert.ok(node.totalStreamMs >= 50 && node.totalStreamMs === node.lastActive - node.firstActive, JSON.stringify(node));
    assert.equal(relay.logCount(/Proxying events/), 0);
  });

  // Checklist 73.
  it('are not sent when nobody asked', async t => {
    const { service, relay } = await start(t);
    await relay.stop();
    assert.equal(service.reports.length, 0);
  });

  it('are not sent with disableUsageReporting, while events are', async t => {
    const { service, relay, key } = await start(t, { main: { disableUsageReporting: true }, events: { sendEvents: true, flushInterval: '1h' } });
    assert.equal((await relay.get('/sdk/flags', { Authorization: key })).status, 200);
    assert.equal(await post(relay.port, '/bulk', { key, body: [{ n: 1 }] }), 202);
    await relay.stop();
    assert.deepEqual(service.events, [{ n: 1 }]);
    assert.equal(service.reports.length, 0);
  });

  it('are not sent with DISABLE_USAGE_REPORTING, also when only a file is read', async t => {
    const { service, relay, key } = await start(t, { env: { DISABLE_USAGE_REPORTING: 'true' } });
    assert.equal((await relay.get('/sdk/flags', { Authorization: key })).status, 200);
    await relay.stop();
    assert.equal(service.reports.length, 0);
  });

  it('end with SIGHUP and disableUsageReporting', async t => {
    const { service, relay, key } = await start(t);
    assert.equal((await relay.get('/sdk/flags', { Authorization: key })).status, 200);
    const file = path.join(relay.folder, 'relay.conf');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('[Main]', '[Main]\ndisableUsageReporting = true'));
    relay.signal('SIGHUP');
    await relay.waitLog(/Configuration reloaded/);
    assert.doesNotMatch(relay.log, /needs a restart/);
    await relay.stop();
    assert.equal(service.reports.length, 0);
  });

  it('are not sent for an environment from files, of which LaunchDarkly knows nothing', async t => {
    const key = sdkKey();
    const service = await startEventsService(t);
    const { relay } = await startPair(t, null, { key, environment: { dataFile: 'flags.json' }, files: { 'flags.json': '{"flagValues":{"f":true}}' }, config: { Events: { eventsUri: service.uri } } });
    assert.equal((await relay.get('/sdk/flags', { Authorization: key })).status, 200);
    await relay.stop();
    assert.equal(service.reports.length, 0);
  });

  it('that cannot be delivered do not hold up the end', async t => {
    const { service, relay, key } = await start(t);
    service.answer = 503;
    assert.equal((await relay.get('/sdk/flags', { Authorization: key })).status, 200);
    const began = performance.now();
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - began < 5000, `it took ${performance.now() - began} ms`);
    assert.equal(service.reports.length, 1);
  });
});
