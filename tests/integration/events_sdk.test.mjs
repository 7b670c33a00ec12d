// What the real Node SDK reports arrives at the events service as if there were no relay (events.md 6, 8.1, 9).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { init } from '@launchdarkly/node-server-sdk';
import { dataset, flag } from './lib/data.mjs';
import { startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { until, within } from './lib/wait.mjs';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const people = [{ kind: 'user', key: 'alice', name: '<Alice & "co">' }, { kind: 'multi', user: { key: 'bob' }, org: { key: 'o:1', private: 'x', _meta: { privateAttributes: ['private'] } } },
  { kind: 'user', key: 'nobody', anonymous: true }, { key: 'old', custom: { a: 1.5 } }];
const flags = [flag('plain'), flag('tracked', 3, { trackEvents: true }), flag('debugged', 2, { debugEventsUntilDate: Date.now() + 3600000 }),
  flag('needs', 1, { prerequisites: [{ key: 'tracked', variation: 0 }] })];

async function report(url, eventsUri, key) {
  const client = init(key, { baseUri: url, streamUri: url, eventsUri, logger: quiet, flushInterval: 3600,
    application: { id: 'shop', version: '1.2.3' }, wrapperName: 'wrapped', wrapperVersion: '1' });
  await within('the SDK to start', client.waitForInitialization({ timeout: 20 }), 20000);
  for (const person of people) {
    client.identify(person);
    for (const name of ['plain', 'tracked', 'debugged', 'needs', 'unknown']) await client.variationDetail(name, person, 'default');
    client.track('bought', person, { item: '<b>&\u2028', price: 1.50 }, 12.25);
  }
  await client.flush();
  client.close();
}

// What differs between any two runs.
function comparable(events) {
  const text = JSON.stringify(events, (name, value) => /^(creationDate|startDate|endDate)$/.test(name) ? 0 : value);
  return JSON.parse(text);
}

const kept = ({ headers }) => Object.fromEntries(['authorization', 'content-type', 'x-launchdarkly-event-schema', 'x-launchdarkly-tags'].map(name => [name, headers[name]]));

describe('Node SDK, events', () => {
  it('events, tags and diagnostics are those that it sends without a relay', async t => {
    const direct = await startEventsService(t);
    const service = await startEventsService(t);
    const { up, relay, key } = await startPair(t, dataset(flags), { config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '100ms' } } });
    await report(up.uri, direct.uri, key);
    await report(relay.url, relay.url, key);
    await until('as many events', () => service.events.length >= direct.events.length);
    assert.ok(direct.events.length >= 20);
    assert.deepEqual(comparable(service.events), comparable(direct.events));
    assert.deepEqual(kept(service.at('/bulk')[0]), kept(direct.at('/bulk')[0]));

    const [wanted] = direct.at('/diagnostic');
    const [found] = await until('a diagnostic event', () => service.at('/diagnostic').length > 0 && service.at('/diagnostic'));
    assert.equal(JSON.parse(found.text).kind, 'diagnostic-init');
    assert.deepEqual(Object.keys(JSON.parse(found.text)), Object.keys(JSON.parse(wanted.text)));
    for (const name of ['authorization', 'user-agent', 'content-type', 'x-launchdarkly-wrapper', 'x-launchdarkly-tags'])
      assert.equal(found.headers[name], wanted.headers[name]);
  });
});
