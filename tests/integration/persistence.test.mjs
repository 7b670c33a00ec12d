// Last known data in SQLite (data-store.md 6.3, 9; streaming.md 16, lines 35-37, 41): restarts, kill -9, damage, deletion.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { dataset, example, examplePut, flag, sdkKey, segment } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { freePort } from './lib/ports.mjs';
import { runProgram, startRelay, temporaryFolder } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { frame, startUpstream } from './lib/upstream.mjs';
import { pause, slowness, until, within } from './lib/wait.mjs';

const sqlite = { SQLite: { path: 'flags.db' } };

// Runs Python with its sqlite3 module; the words become sys.argv[1:]. What it prints, split into lines.
function python(code, ...words) {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', code, ...words], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').slice(0, -1);
}
// Opens the file only if it is there, so that a look does not make one.
const query = (file, sql) => python('import sqlite3, sys\nfor row in sqlite3.connect(f"file:{sys.argv[1]}?mode=rw", uri=True).execute(sys.argv[2]): print(*row, sep="|")', file, sql);

// A relay that finds nobody at streamUri, over the folder of an earlier one.
const startAlone = async (t, folder, key, main = {}) => startRelay(t, {
  folder, config: { main: { streamUri: `http://127.0.0.1:${await freePort()}`, initTimeout: '1ms', ...main }, environments: { prod: { sdkKey: key } }, ...sqlite },
});
const readAll = async (t, relay, key) => {
  const stream = await until('stored data', async () => {
    const stream = openStream(t, relay.port, '/all', key);
    return (await stream.head()).status === 200 && stream;
  });
  const put = await stream.next();
  stream.close();
  return put;
};
// Everything up to here is in the database when the patch with this name is.
const stored = (folder, name, version) => until(`${name} version ${version} in the database`, () =>
  query(path.join(folder, 'flags.db'), `select version from item where key = '${name}'`)[0] === String(version));

describe('persistence', { concurrency: 3 }, () => {
  it('37: upstream dead after a restart: 503 until initTimeout, then the stored data; and the new data when it is back', { timeout: 60000 * slowness }, async t => {
    const folder = temporaryFolder(t);
    const { up, relay, key } = await startPair(t, example(), { folder, config: sqlite });
    assert.match(relay.log, /INFO: Using SQLite data store: flags\.db with prefix: prod/);
    up.patch(key, 'flags', flag('later', 2));
    await stored(folder, 'later', 2);
    await relay.stop();
    await up.stop();
    const began = performance.now();
    const again = await startRelay(t, { folder, config: { main: { streamUri: up.uri, initTimeout: `${3 * slowness}s` }, environments: { prod: { sdkKey: key } }, ...sqlite } });
    for (const target of ['/all', '/flags']) {
      const refused = await again.get(target, { Authorization: key });
      assert.deepEqual([refused.status, refused.body], [503, 'client was not initialized']);
    }
    const put = await readAll(t, again, key);
    assert.ok(performance.now() - began > 3000 * slowness, 'stored data came before initTimeout was over');
    assert.deepEqual(Object.keys(put.json.data.flags).sort(), ['f', 'later']);
    await again.waitLog(/Timeout encountered waiting for LaunchDarkly client initialization/);
    const { environments, status } = await again.status();
    assert.deepEqual([environments.prod.status, environments.prod.connectionStatus.state, environments.prod.connectionStatus.lastError.kind, environments.prod.dataStoreStatus.state, status],
      ['disconnected', 'INITIALIZING', 'NETWORK_ERROR', 'VALID', 'degraded']);
    const open = openStream(t, again.port, '/flags', key);
    await open.next();
    up.environments[key] = dataset([flag('later', 3)]);
    await up.start();
    assert.equal((await open.find(event => event.name === 'put', 40000)).json.later.version, 3);
    await again.waitHealthy();
  });

  it('serveStoreWhileInitializing: stored data from the first moment', async t => {
    const folder = temporaryFolder(t);
    const { relay, key } = await startPair(t, example(), { folder, config: sqlite });
    await stored(folder, 'f', 3);
    await relay.kill();
    const again = await startAlone(t, folder, key, { initTimeout: '1h', serveStoreWhileInitializing: true });
    assert.equal((await readAll(t, again, key)).text, examplePut);
    assert.equal((await again.status()).environments.prod.connectionStatus.state, 'INITIALIZING');
  });

  it('after kill -9 a start without upstream serves what was there, deletions included', async t => {
    const folder = temporaryFolder(t);
    const { up, relay, key } = await startPair(t, dataset([flag('a'), flag('b')], [segment('s')]), { folder, config: sqlite });
    up.patch(key, 'flags', flag('a', 2));
    up.remove(key, 'flags', 'b', 5);
    up.remove(key, 'segments', 's', 6);
    up.patch(key, 'flags', flag('c', 7));
    await stored(folder, 'c', 7);
    await relay.kill();
    assert.deepEqual(query(path.join(folder, 'flags.db'), 'select prefix, kind, key, version, deleted from item order by kind, key'),
      ['prod|features|a|2|0', 'prod|features|b|5|1', 'prod|features|c|7|0', 'prod|segments|s|6|1']);
    assert.match(query(path.join(folder, 'flags.db'), 'select prefix, name, value from marker')[0], /^prod\|\$inited\|\d{13}$/);
    assert.equal(fs.statSync(path.join(folder, 'flags.db')).mode & 0o777, 0o600);
    const { flags, segments } = (await readAll(t, await startAlone(t, folder, key), key)).json.data;
    assert.deepEqual([Object.values(flags).map(f => `${f.key} ${f.version}`).sort(), segments], [['a 2', 'c 7'], {}]);
  });

  it('50 times kill -9 at a random moment under updates: nothing an SDK has seen is lost', { timeout: 180000 * slowness }, async t => {
    const rounds = Number(process.env.FLAGRELAY_KILL_ROUNDS ?? (slowness > 1 ? 6 : 50));
    const lanes = 3;
    let left = rounds;
    let updates = 0;
    const lane = async () => {
      const folder = temporaryFolder(t);
      const key = sdkKey();
      const names = [...Array(10)].map((_, i) => `flag-${i}`);
      const up = await startUpstream(t, { [key]: dataset(names.map(name => flag(name))) });
      let version = 1;
      while (left-- > 0) {
        const { relay } = await startPair(t, null, { upstream: up, key, folder, config: sqlite });
        const sdk = openStream(t, relay.port, '/all', key);
        const seen = {};
        const note = event => {
          if (event.name === 'put') for (const item of Object.values(event.json.data.flags)) seen[item.key] = item.version;
          else seen[event.json.data.key] = event.json.data.version;
        };
        note(await sdk.next());
        const end = performance.now() + Math.random() * 150 * slowness;
        while (performance.now() < end) {
          up.patch(key, 'flags', flag(names[++version % names.length], version, { variations: ['x'.repeat(version % 3000), 'b', 'c'] }));
          updates++;
          if (version % 3 === 0) await pause(1);
        }
        await relay.kill();
        await sdk.gone();
        sdk.events.slice(1).forEach(note);
        const alone = await startAlone(t, folder, key);
        const { flags } = (await readAll(t, alone, key)).json.data;
        for (const name of names) assert.ok(flags[name]?.version >= seen[name], `${name}: an SDK had version ${seen[name]}, stored was ${flags[name]?.version}`);
        await alone.kill();
      }
    };
    await Promise.all([...Array(lanes)].map(lane));
    t.diagnostic(`${rounds} rounds, ${updates} updates`);
  });

  it('an empty database: 200 and no event after initTimeout, then the first put', async t => {
    const folder = temporaryFolder(t);
    const key = sdkKey();
    const relay = await startAlone(t, folder, key);
    const stream = await until('200', async () => {
      const stream = openStream(t, relay.port, '/all', key);
      return (await stream.head()).status === 200 && stream;
    });
    await relay.waitLog(/retrying in/);
    assert.equal(stream.frames.length, 0);
  });

  it('a refused key: 401, stored data is not served', async t => {
    const folder = temporaryFolder(t);
    const { up, relay, key } = await startPair(t, example(), { folder, config: sqlite });
    await stored(folder, 'f', 3);
    await relay.stop();
    delete up.environments[key];
    const { relay: again } = await startPair(t, null, { upstream: up, key, folder, config: sqlite, wait: false });
    await again.waitStatus('OFF', document => document.environments.prod.connectionStatus.state === 'OFF');
    assert.equal((await again.get('/all', { Authorization: key })).status, 401);
  });

  for (const [title, damage] of [
    ['garbage from its first byte', file => fs.writeFileSync(file, 'this is no database, but it is long enough to look like a file of some kind\n'.repeat(100))],
    ['pages overwritten in the middle', file => { const bytes = fs.readFileSync(file); bytes.fill(0x5a, 4096, bytes.length); fs.writeFileSync(file, bytes); }],
    ['cut to half', file => { const bytes = fs.readFileSync(file); fs.writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length / 2) - 100)); }],
  ]) {
    it(`a damaged database file is set aside with a log line: ${title}`, async t => {
      const folder = temporaryFolder(t);
      const file = path.join(folder, 'flags.db');
      const { up, relay, key } = await startPair(t, dataset([...Array(200)].map((_, i) => flag(`f${i}`))), { folder, config: sqlite });
      await stored(folder, 'f7', 1);
      await relay.stop();
      damage(file);
      const { relay: again } = await startPair(t, null, { upstream: up, key, folder, config: sqlite });
      await again.waitLog(/ERROR: SQLite database "flags\.db" is damaged \(.+\); moved to "flags\.db\.corrupt-\d{8}T\d{6}Z[^"]*" and starting with an empty one/);
      assert.ok(fs.readdirSync(folder).some(name => /^flags\.db\.corrupt-\d{8}T\d{6}Z/.test(name)));
      await stored(folder, 'f7', 1);
    });
  }

  it('files that are no database of ours are left alone, and the start is refused', async t => {
    const key = sdkKey();
    const rows = [
      ['foreign.db', 'pragma application_id = 7; create table t (x)', /"foreign\.db" is not a flagrelay database/],
      ['newer.db', 'pragma application_id = 1718383225; pragma user_version = 9; create table t (x)', /"newer\.db" was written by a newer version \(schema 9, this program knows 1\)/],
      ['missing/flags.db', null, /cannot open SQLite database "missing\/flags\.db": .+; check that the directory exists and is writable/],
    ];
    for (const [file, sql, text] of rows) {
      const folder = temporaryFolder(t);
      if (sql) python('import sqlite3, sys\nsqlite3.connect(sys.argv[1]).executescript(sys.argv[2])', path.join(folder, file), sql);
      const before = sql && fs.readFileSync(path.join(folder, file));
      const { code, stderr } = await runProgram({ cwd: folder, args: ['--from-env'], env: { PORT: String(await freePort()), LD_ENV_prod: key, SQLITE_PATH: file, USE_SQLITE: '1' } });
      assert.match(stderr, text);
      assert.equal(code, 1);
      if (sql) assert.deepEqual(fs.readFileSync(path.join(folder, file)), before);
    }
  });

  it('the file deleted under the running relay is noticed and filled again', { timeout: 60000 * slowness }, async t => {
    const folder = temporaryFolder(t);
    const { up, relay, key } = await startPair(t, example(), { folder, config: { SQLite: { path: 'flags.db', healthCheckInterval: '1s' } } });
    await stored(folder, 'f', 3);
    for (const name of fs.readdirSync(folder)) if (name.startsWith('flags.db')) fs.rmSync(path.join(folder, name));
    await relay.waitLog(/WARN: /, { ms: 20000 });
    await until('the file to be there again', () => fs.existsSync(path.join(folder, 'flags.db')), 20000);
    await stored(folder, 'f', 3);
    up.patch(key, 'flags', flag('g', 2));
    await stored(folder, 'g', 2);
    await relay.kill();
    const { flags } = (await readAll(t, await startAlone(t, folder, key), key)).json.data;
    assert.deepEqual(Object.keys(flags).sort(), ['f', 'g']);
  });

  it('41: a database that takes no writes delays nobody: INTERRUPTED in the store only, and everything is written later', { timeout: 60000 * slowness }, async t => {
    const folder = temporaryFolder(t);
    const { up, relay, key } = await startPair(t, example(), { folder, config: { SQLite: { path: 'flags.db', busyTimeout: `${3 * slowness}s` } } });
    await stored(folder, 'f', 3);
    const lock = spawn('python3', ['-c', 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute("begin immediate")\nprint("locked", flush=True)\nsys.stdin.read()', path.join(folder, 'flags.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => lock.kill('SIGKILL'));
    await within('the lock', new Promise(done => lock.stdout.once('data', done)));
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    const sent = performance.now();
    up.patch(key, 'flags', flag('g', 2));
    assert.ok((await stream.next()).at - sent < 2000 * slowness, 'the broadcast waited for the database');
    const document = await relay.waitStatus('the store INTERRUPTED', ({ environments: e }) => e.prod.dataStoreStatus.state === 'INTERRUPTED', 20000);
    assert.deepEqual([document.environments.prod.connectionStatus.state, document.environments.prod.connectionStatus.lastError.kind, document.environments.prod.status, document.status], ['VALID', 'STORE_ERROR', 'connected', 'healthy']);
    await relay.waitLog(/ERROR: .*Data store returned error: /);
    await relay.waitLog(/WARN: .*Detected persistent store unavailability; updates will be cached until it recovers/);
    await relay.waitLog(/WARN: .*Unexpected data store error when trying to store an update received from the data source: /);
    await relay.waitLog(/ERROR: .*Failed to store streaming update of g in data store; will try again once data store is working/);
    up.patch(key, 'flags', flag('h', 3));
    assert.equal((await openStream(t, relay.port, '/all', key).next()).json.data.flags.g.version, 2);
    lock.kill('SIGKILL');
    await relay.waitLog(/WARN: .*Persistent store is available again/);
    await stored(folder, 'g', 2);
    await stored(folder, 'h', 3);
    await relay.waitStatus('the store VALID', ({ environments: e }) => e.prod.dataStoreStatus.state === 'VALID');
    await relay.waitLog(/WARN: .*Successfully updated persistent store from cached data/);
  });

  it('environments share one file and are kept apart; a put removes what is gone', async t => {
    const folder = temporaryFolder(t);
    const [one, two] = [sdkKey(), sdkKey()];
    const up = await startUpstream(t, { [one]: dataset([flag('a')]), [two]: dataset([flag('a', 9), flag('b')]) });
    const config = { main: { streamUri: up.uri }, environments: { one: { sdkKey: one }, two: { sdkKey: two, prefix: 'second' } }, ...sqlite };
    const relay = await startRelay(t, { folder, config });
    await relay.waitHealthy();
    await stored(folder, 'b', 1);
    up.raw(two, frame('put', { path: '/', data: dataset([flag('c', 1)]) }));
    await stored(folder, 'c', 1);
    await until('b to be gone', () => query(path.join(folder, 'flags.db'), "select key from item where key = 'b'").length === 0);
    await relay.kill();
    assert.deepEqual(query(path.join(folder, 'flags.db'), 'select prefix, key, version from item order by prefix, key'), ['one|a|1', 'second|c|1']);
  });
});
