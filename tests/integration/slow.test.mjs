// What takes half a minute by its nature (streaming.md 16); all of it at the same time. What takes longer is tested with a
// turned clock in tests/unit.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { example, sdkKey } from './lib/data.mjs';
import { startRelay } from './lib/relay.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness } from './lib/wait.mjs';

describe('slow', () => {
  it('12, 16, 18: waits that double, no retry after a refusal, a silent server is left after 30 s', { timeout: 120000 * slowness }, async t => {
    const up = await startUpstream(t);
    const [failing, refused, silent] = [sdkKey(), sdkKey(), sdkKey()];
    up.environments[failing] = example();
    up.environments[silent] = example();
    up.script(failing, 503, 503, 503, 503, 503);
    up.script(silent, { hang: true });
    const relay = await startRelay(t, { config: { main: { streamUri: up.uri }, environments: { failing: { sdkKey: failing }, refused: { sdkKey: refused }, silent: { sdkKey: silent } } } });
    const [hung, second] = await up.waitRequests(silent, 2, 45000);
    const silence = (second.time - hung.time) / 1000;
    assert.ok(silence > 30 && silence < 31.5 + slowness, `left after ${silence} s: 30 s and a first wait of 0.5-1 s`);
    const requests = await up.waitRequests(failing, 6, 45000);
    for (const [i, least] of [0.5, 1, 2, 4, 8].entries()) {
      const wait = (requests[i + 1].time - requests[i].time) / 1000;
      assert.ok(wait > least - 0.05 && wait < 2 * least + 0.5 * slowness, `wait ${i + 1} was ${wait} s, not ${least}-${2 * least} s`);
    }
    assert.equal(up.at(refused).length, 1);
    await relay.waitStatus('two connected, one OFF', ({ environments: e }) => e.failing.status === 'connected' && e.silent.status === 'connected' && e.refused.connectionStatus.state === 'OFF');
  });
});
