// What real SDKs report arrives at the events service as if there were no relay (events.md 6, 8.1, 9): the same is done twice, once
// with an SDK that posts to a stand-in for that service, once with one that posts to the relay.
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { init } from '@launchdarkly/node-server-sdk';
import { dataset, flag } from './lib/data.mjs';
import { sameReports, startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { quiet } from './lib/node_sdk.mjs';
import { startPython } from './lib/python.mjs';
import { temporaryFolder } from './lib/relay.mjs';
import { slowness, within } from './lib/wait.mjs';

const { initialize } = createRequire(import.meta.url)('launchdarkly-node-client-sdk');
const person = { kind: 'user', key: 'alice', name: '<Alice & "co">' };
const both = { kind: 'multi', user: { key: 'bob' }, org: { key: 'o:1', private: 'x', _meta: { privateAttributes: ['private'] } } };
const people = [person, both, { kind: 'user', key: 'nobody', anonymous: true }, { key: 'old', custom: { a: 1.5 } }];
const names = ['plain', 'tracked', 'debugged', 'needs', 'unknown'];
const flags = [flag('plain'), flag('tracked', 3, { trackEvents: true }), flag('debugged', 2, { debugEventsUntilDate: Date.now() + 3600000 }),
  flag('needs', 1, { prerequisites: [{ key: 'tracked', variation: 0 }] })];
const kinds = ['custom', 'debug', 'diagnostic-init', 'feature', 'identify', 'summary'];
const item = { item: '<b>&\u2028', price: 1.50, huge: 1e21 };

async function start(t) {
  const direct = await startEventsService(t);
  const service = await startEventsService(t);
  return { direct, service, ...await startPair(t, dataset(flags), { config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '100ms' } } }) };
}

async function reportNode(url, eventsUri, key) {
  const client = init(key, { baseUri: url, streamUri: url, eventsUri, logger: quiet, flushInterval: 3600,
    application: { id: 'shop', version: '1.2.3' }, wrapperName: 'wrapped', wrapperVersion: '1' });
  await within('the SDK to start', client.waitForInitialization({ timeout: 20 }), 20000);
  for (const one of people) {
    client.identify(one);
    for (const name of names) await client.variationDetail(name, one, 'default');
    client.track('bought', one, item, 12.25);
  }
  await client.flush();
  client.close();
}

async function reportPython(python, name, options) {
  await python.ask({ do: 'open', name, mode: 'stream', ...options });
  await python.ask({ do: 'report', name, flags: names, contexts: people, event: 'bought', data: item, metric: 12.25 });
  await python.ask({ do: 'close', name });
}

async function reportNodeClient(t, url, eventsUrl, id) {
  const client = initialize(id, person, { baseUrl: url, streamUrl: url, eventsUrl, evaluationReasons: true, logger: quiet, flushInterval: 3600000,
    localStoragePath: temporaryFolder(t), application: { id: 'shop', version: '1.2.3' }, wrapperName: 'wrapped', wrapperVersion: '1' });
  await within('the SDK to start', client.waitForInitialization(), 20000);
  for (const one of people) {
    await client.identify(one);
    for (const name of names) client.variationDetail(name, 'default');
    client.track('bought', item, 12.25);
  }
  await client.flush();
  await client.close();
}

describe('what SDKs report is what they report without a relay', { concurrency: 2, timeout: 60000 * slowness }, () => {
  it('Node', async t => {
    const { direct, service, up, relay, key } = await start(t);
    await reportNode(up.uri, direct.uri, key);
    await reportNode(relay.url, relay.url, key);
    await sameReports(service, direct, kinds);
  });

  for (const compressed of [false, true]) {
    it(`Python${compressed ? ', compressed' : ''}`, async t => {
      const { direct, service, up, relay, key } = await start(t);
      const python = await startPython(t);
      await reportPython(python, 'direct', { uri: up.uri, events: direct.uri, key, compressed });
      await reportPython(python, 'relay', { uri: relay.url, events: relay.url, key, compressed });
      await sameReports(service, direct, [...kinds, 'diagnostic']);
    });
  }

  it('Node, client side', async t => {
    const { direct, service, relay, id } = await start(t);
    await reportNodeClient(t, relay.url, direct.uri, id);
    await reportNodeClient(t, relay.url, relay.url, id);
    await sameReports(service, direct, kinds);
  });
});
