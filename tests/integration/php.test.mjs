// What the PHP SDK asks for, asked by PHP with its HTTP cache in front (http-api.md 6).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, flag, mobileKey, segment, sdkKey } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { startPhp } from './lib/php.mjs';
import { slowness, until } from './lib/wait.mjs';

const data = () => dataset([flag('f', 3), flag('odd.name-of_a flag', 1)], [segment('s', 2, { included: ['alice'] })]);

describe('PHP', { concurrency: 4, timeout: 60000 * slowness }, () => {
  // ask('/sdk/flags') -> [what came over the wire, status, body]
  const start = async (t, options) => {
    const pair = await startPair(t, data(), options);
    const php = await startPhp(t);
    const ask = async (path, key = pair.key, more = {}) => {
      const { asked, status, body } = await php({ url: pair.relay.url + path, key, keeps: 'all', ...more });
      return [asked, status, body && status === 200 ? JSON.parse(body) : body];
    };
    return { ...pair, ask };
  };

  it('54, 55, 62: one flag, one segment, all flags; 404 for what is not there', async t => {
    const { ask } = await start(t);
    const [, status, one] = await ask('/sdk/flags/f');
    assert.deepEqual([status, one.key, one.version, one.variations], [200, 'f', 3, ['a', 'b', 'c']]);
    assert.deepEqual((await ask('/sdk/flags/odd.name-of_a%20flag'))[2].key, 'odd.name-of_a flag');
    assert.deepEqual((await ask('/sdk/segments/s'))[2].included, ['alice']);
    assert.deepEqual(Object.keys((await ask('/sdk/flags'))[2]).sort(), ['f', 'odd.name-of_a flag']);
    for (const path of ['/sdk/flags/none', '/sdk/segments/none', '/sdk/segments/f']) assert.deepEqual(await ask(path), [404, 404, ''], path);
  });

  it('57, 58, 60: what the cache holds is asked for with its ETag: 304 until it changes, 404 when it is deleted', async t => {
    const { up, key, ask } = await start(t);
    const paths = ['/sdk/flags', '/sdk/flags/f', '/sdk/segments/s'];
    const first = await Promise.all(paths.map(path => ask(path)));
    for (const [i, path] of paths.entries()) assert.deepEqual(await ask(path), [304, 200, first[i][2]], path);
    up.patch(key, 'flags', flag('f', 4, { on: false }));
    up.patch(key, 'segments', segment('s', 3, { included: ['bob'] }));
    await until('the change', async () => (await ask('/sdk/segments/s'))[2].version === 3);
    assert.deepEqual((await ask('/sdk/segments/s'))[2].included, ['bob']);
    const [asked, , one] = await ask('/sdk/flags/f');
    assert.deepEqual([asked, one.version, one.on], [200, 4, false]);
    assert.deepEqual((await ask('/sdk/flags'))[2].f.version, 4);
    up.remove(key, 'flags', 'f', 5);
    await until('the delete', async () => (await ask('/sdk/flags/f'))[1] === 404);
    assert.deepEqual(Object.keys((await ask('/sdk/flags'))[2]), ['odd.name-of_a flag']);
  });

  it('57: a cache that was filled by ld-relay stays warm', async t => {
    const { key, ask } = await start(t);
    await ask('/sdk/flags/f');
    assert.equal((await ask('/sdk/flags/f', key, { tag: 'relay-3' }))[0], 304);
    assert.equal((await ask('/sdk/flags/f', key, { tag: 'relay-2' }))[0], 200);
  });

  for (const keeps of ['all', 'what it may']) {
    it(`59: with a ttl nothing is asked for until it is over, by a cache that keeps ${keeps}`, async t => {
      const { up, key, ask } = await start(t, { environment: { ttl: '1m' } });
      assert.equal((await ask('/sdk/flags/f', key, { keeps }))[0], 200);
      up.patch(key, 'flags', flag('g', 1));
      await until('the change', async () => (await ask('/sdk/flags/g', key, { keeps }))[1] === 200);
      assert.equal((await ask('/sdk/flags/f', key, { keeps }))[0], null);
      assert.equal((await ask('/sdk/flags/f', key, { keeps, stale: true }))[0], 304);
      up.patch(key, 'flags', flag('f', 4));
      await until('the change', async () => (await ask('/sdk/flags/f', key, { keeps, stale: true }))[2].version === 4);
      assert.equal((await ask('/sdk/flags/none', key, { keeps }))[0], 404);
    });
  }

  it('13, 15: other keys are refused for good, whatever the cache holds', async t => {
    const { mobile, ask } = await start(t);
    await ask('/sdk/flags/f');
    for (const key of [mobile, mobileKey(), sdkKey()]) assert.equal((await ask('/sdk/flags/f', key))[1], 401);
  });

  it('61: 503 while there is no data at all, so that nobody caches an empty flag set', async t => {
    const { ask } = await start(t, { upstream: undefined, main: { initTimeout: '100ms', streamUri: 'http://127.0.0.1:1' }, wait: false });
    await until('the end of initTimeout', async () => (await ask('/sdk/flags'))[2].includes('Service not initialized'));
    for (const path of ['/sdk/flags', '/sdk/flags/f', '/sdk/segments/s']) assert.equal((await ask(path))[1], 503, path);
  });
});
