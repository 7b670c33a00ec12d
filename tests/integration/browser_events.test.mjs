// What the browser SDKs report from a page of another origin, in a real Chromium, arrives at the events service as if there were no
// relay (events.md 3.6, 6, 8.1, 9): the same is done on two pages, one posts to a stand-in for that service, one to the relay.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startBrowser } from './lib/browser.mjs';
import { dataset, flag } from './lib/data.mjs';
import { kept, posted, posts, sameReports, startEventsService, timeless } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { startServer } from './lib/server.mjs';
import { slowness, until } from './lib/wait.mjs';

const flags = [flag('plain'), flag('tracked', 3, { trackEvents: true }), flag('debugged', 2, { debugEventsUntilDate: Date.now() + 3600000 }),
  flag('needs', 1, { prerequisites: [{ key: 'tracked', variation: 0 }] })];
const names = ['plain', 'tracked', 'debugged', 'needs', 'unknown'];
// With what base64 writes as - and _, wherever it falls.
const item = { item: '<b>>>&???\u2028é😀', price: 1.50, huge: 1e21 };
const goals = [{ key: 'viewed', kind: 'pageview', urls: [{ kind: 'substring', substring: '127.0.0.1' }] },
  { key: 'clicked', kind: 'click', selector: '#buy', urls: [{ kind: 'substring', substring: '127.0.0.1' }] }];
const kinds = ['click', 'custom', 'debug', 'feature', 'identify', 'pageview', 'summary'];

const alice = { kind: 'user', key: 'alice', name: '<Alicé & "co">' };
const both = { kind: 'multi', user: { key: 'bob' }, org: { key: 'o:1', private: 'x', _meta: { privateAttributes: ['private'] } } };
const contexts = { people: [alice, both], wrapperName: 'React', wrapperVersion: '1' };
const generations = {
  2: { people: [{ key: 'alice', name: '<Alicé & "co">' }, { key: 'bob', custom: { a: 1.5 }, email: 'b@x', privateAttributeNames: ['email'] }], flushInterval: 3600000 },
  3: { ...contexts, flushInterval: 3600000, application: { id: 'shop', version: '1.2.3' } },
  4: { ...contexts, flushInterval: 3600, applicationInfo: { id: 'shop', version: '1.2.3' } },
};

let page; // one after the other uses it
const suite = { afters: [], after(work) { this.afters.push(work); } };
before(async () => { page = await (await startBrowser(suite)).open(suite, 0); });
after(async () => { for (const work of suite.afters.reverse()) await work(); });

// Goals, held back until release(): the events that the SDK makes for them come behind those of its start, each time.
async function startGoals(t) {
  const waiting = [];
  const { uri } = await startServer(t, (req, res) => { waiting.push(res); });
  const answer = res => { res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(goals)); };
  return { uri, release: async () => { answer(await until('a request for goals', () => waiting.shift())); } };
}

// The stand-in for LaunchDarkly to which the relay posts, and one that lets pages post.
async function start(t) {
  const direct = await startEventsService(t);
  direct.answer = { status: 202, headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*', 'Access-Control-Expose-Headers': 'Date' } };
  const service = await startEventsService(t);
  const { uri, release } = await startGoals(t);
  return { direct, service, release, ...await startPair(t, dataset(flags), { main: { clientSideBaseUri: uri },
    config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '100ms' } } }) };
}

// In a page: whatever makes events.
async function act(keys, data, other) {
  const { client, identify } = window.sdk;
  const use = () => {
    for (const key of keys) client.variationDetail(key, 'default');
    client.track('bought', data, 12.25);
  };
  use();
  await identify(other);
  use();
  document.getElementById('buy').click();
  await client.flush();
  client.track('left');
  await client.flush();
}

// In a page: makes it a browser of old, and keeps what becomes of its images.
function age() {
  delete XMLHttpRequest.prototype.withCredentials;
  const { Image } = window;
  window.images = [];
  window.Image = function aged() {
    const image = new Image();
    window.images.push(new Promise(done => { image.onload = () => done(true); image.onerror = () => done(false); }));
    return image;
  };
}

// `seen()`: the events that have arrived where this page's go to. `prepare` runs in the page before the SDK starts.
// Returns whether each image was one.
async function report({ relay, id, release }, generation, events, seen, prepare = () => {}) {
  const { people: [first, other], ...options } = generations[generation];
  await page.empty();
  await page.run(() => { localStorage.clear(); document.documentElement.append(Object.assign(document.createElement('button'), { id: 'buy' })); });
  await page.run(prepare);
  await page.run(async (...all) => { await (await import('/sdk.mjs')).open(...all); }, generation, id, first,
    { relay: relay.url, events, reasons: true, sendEvents: true, fetchGoals: true, diagnosticOptOut: false, ...options });
  const flush = () => page.run(() => window.sdk.client.flush());
  await flush();
  await release();
  await until(() => `the goals to be there\n${page.story()}`, async () => {
    await flush();
    return seen().some(({ kind }) => kind === 'pageview');
  });
  await page.run(act, names, item, other);
  await until(() => `the last event\n${page.story()}`, () => seen().some(({ key }) => key === 'left'));
  return page.run(() => Promise.all(window.images ?? []));
}

describe('what browser SDKs report is what they report without a relay', { timeout: 60000 * slowness }, () => {
  for (const [generation, more] of [[2, ['click_pageview']], [3, ['click_pageview', 'diagnostic-combined']], [4, ['diagnostic-init']]]) {
    it(`generation ${generation}`, async t => {
      const { direct, service, ...pair } = await start(t);
      await report(pair, generation, direct.uri, () => posted(direct));
      await report(pair, generation, pair.relay.url, () => posted(service));
      await sameReports(service, direct, [...kinds, ...more]);
    });
  }

  // Each image has some of the events in its address. Which comes first is up to the browser.
  it('generation 2 where CORS is missing: images', async t => {
    const { direct, service, ...pair } = await start(t);
    const images = () => direct.requests.filter(({ url }) => url.startsWith(`/a/${pair.id}.gif?d=`));
    const shown = () => images().flatMap(({ url }) => JSON.parse(Buffer.from(url.split('?d=')[1], 'base64url')));
    await report(pair, 2, direct.uri, shown, age);
    const loaded = await report(pair, 2, pair.relay.url, () => posted(service), age);
    assert.ok(loaded.length > 3 && loaded.every(Boolean), `${loaded}`);
    await until(() => `${shown().length} events, there are ${posted(service).length}`, () => posted(service).length >= shown().length);
    const sorted = events => events.map(event => timeless(JSON.stringify(event))).sort();
    assert.deepEqual(sorted(posted(service)), sorted(shown()));
    for (const post of posts(service)) assert.deepEqual(kept(post), [`/events/bulk/${pair.id}`, undefined, 'application/json', '3', undefined]);
  });
});
