// A big segment into every database that can hold one: how long until it is complete, how much memory the relay needs for it, how
// long its control thread was held meanwhile; and the restart afterwards.
//
// DATABASES=sqlite,redis in the environment: only these.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startDatabase } from '../integration/lib/databases.mjs';
import { accepting, freePort, memory, relayProgram, root, start, startWith, stop, tool, writeConfig } from './programs.mjs';
import { heldBy, histogramRow, histograms, section, waitFor } from './held.mjs';

export const about = 'a big segment written to every database';
export const options = { members: 1000000, patch: 10000, page: 10, seconds: 600 };

const prefix = 'bench';

// The stream is opened when everything else is in the database.
const complete = async (upstream, times) => Number(await (await fetch(`http://127.0.0.1:${upstream.port}/streams`)).text()) >= times;

async function begin(db, name, upstream, held) {
  const port = await freePort();
  const more = name === 'sqlite' ? `[SQLite]\npath = ${path.join(db.folder, 'relay.db')}\n` : section(db.section());
  const relay = startWith({ ...db.env, LD_PRELOAD: tool('held.so'), HELD_FILE: held }, relayProgram, '--config', writeConfig(port, upstream, `prefix = ${prefix}\n[Main]\nbaseUri = "http://127.0.0.1:${upstream.port}"\n${more}`));
  const began = performance.now();
  await accepting(port);
  return { port, relay, since: () => (performance.now() - began) / 1000 };
}

async function measureKind({ members, patch, page, seconds }, name, cleanups) {
  const t = { after: cleanup => cleanups.push(cleanup) };
  const db = name === 'sqlite' ? { folder: fs.mkdtempSync(path.join(os.tmpdir(), 'flagrelay-bench-')), env: {} } : await startDatabase(t, name);
  if (name === 'sqlite') cleanups.push(() => fs.rmSync(db.folder, { recursive: true, force: true }));
  const held = path.join(db.folder, 'held');
  const upstream = { port: await freePort() };
  upstream.child = start(process.execPath, path.join(root, 'tests/bench/segments_upstream.mjs'), upstream.port, members, patch, page);
  await accepting(upstream.port);
  const first = await begin(db, name, upstream, held);
  const before = memory(first.relay, 'VmRSS');
  await waitFor('the big segment', () => complete(upstream, 1), seconds);
  const took = first.since();
  const whileWriting = await heldBy(first.relay, held);
  const most = memory(first.relay, 'VmHWM');
  await stop(first.relay);
  const second = await begin(db, name, upstream, held);
  await waitFor('the big segment after the restart', () => complete(upstream, 2), seconds);
  const again = second.since();
  await stop(second.relay);
  await stop(upstream.child);
  const size = name === 'sqlite' ? fs.statSync(path.join(db.folder, 'relay.db')).size / 1048576 : undefined;
  return {
    rows: [
      { measure: `${name}: until the segment is complete`, unit: 's', relay: took },
      { measure: `${name}: members a second`, unit: '', relay: members / took },
      { measure: `${name}: memory (RSS) before, and most ever`, unit: 'MiB', floor: before, relay: most },
      { measure: `${name}: restart, until it is known to be complete`, unit: 's', relay: again },
      ...size ? [{ measure: `${name}: size of the file`, unit: 'MiB', relay: size }] : [],
    ],
    held: histogramRow(`${name}`, whileWriting),
  };
}

export async function run(settings) {
  const rows = [];
  const held = [];
  for (const name of process.env.DATABASES?.split(',') ?? ['sqlite', 'redis', 'dynamodb']) {
    const cleanups = [];
    try {
      const one = await measureKind(settings, name, cleanups);
      rows.push(...one.rows);
      held.push(one.held);
    } finally {
      for (const cleanup of cleanups.reverse()) await cleanup();
    }
  }
  return { title: `A big segment of ${settings.members.toLocaleString('en')} members, ${settings.patch.toLocaleString('en')} in a patch`, rows, text: histograms(held) };
}
