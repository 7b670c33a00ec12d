// Big segments are kept in the database as LaunchDarkly has them (big-segments.md 13).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { dataset, flag, sdkKey, segment } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { hashOf, patch } from './lib/segments.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const big = (key, version = 1) => segment(key, version, { unbounded: true, generation: 1 });

function sqliteRows(folder, query) {
  const code = 'import sqlite3, sys\nfor row in sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]): print("|".join(str(x) for x in row))';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', code, path.join(folder, 'flags.db'), query], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').slice(0, -1);
}
const members = folder => sqliteRows(folder, `select r.prefix, r.ref, m.hash, m.included from big_segment_member m join big_segment_ref r on r.id = m.ref order by 1, 2, 3`);
const cursor = folder => sqliteRows(folder, 'select cursor from big_segment_meta')[0];

describe('big segments', () => {
  it('polls, streams and polls, and a patch of the stream is written (lines 2, 8, 11, 36)', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    const segments = up.segmentsOf(key);
    segments.add(patch('vip.g1', '', '1', { add: ['alice'], exclude: ['bob'] }));
    const { relay } = await startPair(t, dataset([flag('a')], [big('vip')]), { upstream: up, key, config: { SQLite: { path: 'flags.db' } } });
    await until('an open stream', () => segments.streams.size === 1);
    await until('the request after it', () => up.segmentRequests(key).length === 4);
    assert.deepEqual(up.segmentRequests(key), ['/sdk/big-segments/revisions', '/sdk/big-segments/revisions?after=1', '/big-segments', '/sdk/big-segments/revisions?after=1']);
    assert.deepEqual(members(relay.folder), [`prod|vip.g1|${hashOf('alice')}|1`, `prod|vip.g1|${hashOf('bob')}|0`].sort());
    segments.send(patch('vip.g1', '1', '2', { remove: ['alice'], add: ['carol'] }));
    await until('the new cursor', () => cursor(relay.folder) === '2');
    assert.deepEqual(members(relay.folder), [`prod|vip.g1|${hashOf('carol')}|1`, `prod|vip.g1|${hashOf('bob')}|0`].sort());
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    assert.equal(relay.logCount(/WARN|ERROR/), 0, relay.log);
  });
});
