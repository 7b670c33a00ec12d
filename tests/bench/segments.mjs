// A big segment into every database that can hold one: how long until it is complete, how much memory the relay needs for it, how
// long its control thread was held meanwhile; and the restart afterwards.
import fs from 'node:fs';
import path from 'node:path';
import { eachDatabase } from './each_database.mjs';
import { accepting, freePort, memory, relayProgram, root, start, startWith, stop, tool, waitFor, writeConfig } from './programs.mjs';
import { heldBy, histogramRow, histograms } from './held.mjs';

export const about = 'a big segment written to every database';
export const options = { members: 1000000, patch: 10000, page: 10, seconds: 600 };

const prefix = 'bench';

// The stream is opened when everything else is in the database.
const complete = async (upstream, times) => Number(await (await fetch(`http://127.0.0.1:${upstream.port}/streams`)).text()) >= times;

async function begin(db, upstream, held) {
  const port = await freePort();
  const relay = startWith({ ...db.env, LD_PRELOAD: tool('held.so'), HELD_FILE: held }, relayProgram, '--config', writeConfig(port, upstream, `prefix = ${prefix}\n[Main]\nbaseUri = "http://127.0.0.1:${upstream.port}"\n${db.config}`));
  const began = performance.now();
  await accepting(port);
  return { port, relay, since: () => (performance.now() - began) / 1000 };
}

async function measureDatabase({ members, patch, page, seconds }, db) {
  const { name } = db;
  const held = path.join(db.folder, 'held');
  const upstream = { port: await freePort() };
  upstream.child = start(process.execPath, path.join(root, 'tests/bench/segments_upstream.mjs'), upstream.port, members, patch, page);
  await accepting(upstream.port);
  const first = await begin(db, upstream, held);
  const before = memory(first.relay, 'VmRSS');
  await waitFor('the big segment', () => complete(upstream, 1), seconds);
  const took = first.since();
  const whileWriting = await heldBy(first.relay, held);
  const most = memory(first.relay, 'VmHWM');
  await stop(first.relay);
  const second = await begin(db, upstream, held);
  await waitFor('the big segment after the restart', () => complete(upstream, 2), seconds);
  const again = second.since();
  await stop(second.relay);
  await stop(upstream.child);
  const size = db.file && fs.statSync(db.file).size / 1048576;
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
  const found = await eachDatabase(['sqlite', 'redis', 'dynamodb'], db => measureDatabase(settings, db));
  return { title: `A big segment of ${settings.members.toLocaleString('en')} members, ${settings.patch.toLocaleString('en')} in a patch`, rows: found.flatMap(({ rows }) => rows), text: histograms(found.map(({ held }) => held)) };
}
