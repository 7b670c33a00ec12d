// One measurement in several databases, one after the other.
import fs from 'node:fs';
import path from 'node:path';
import { startDatabase } from '../integration/lib/databases.mjs';
import { folder } from './programs.mjs';

// { Redis: { url } } as a part of a configuration file.
const section = options => Object.entries(options).map(([head, properties]) => `[${head}]\n${Object.entries(properties).map(([name, value]) => `${name} = ${value}\n`).join('')}`).join('');

async function open(t, name) {
  if (name !== 'sqlite') {
    const db = await startDatabase(t, name);
    return Object.assign(db, { config: section(db.section()) });
  }
  const own = fs.mkdtempSync(path.join(folder, 'sqlite-'));
  t.after(() => fs.rmSync(own, { recursive: true, force: true }));
  const file = path.join(own, 'relay.db');
  return { name, folder: own, file, env: {}, config: `[SQLite]\npath = ${file}\n` };
}

// What `work` returned of each. It gets { name, folder, port, env, config }: a folder of its own, the variables and the lines of the
// configuration with which a relay finds the database; SQLite has a `file` instead of a port.
// DATABASES=sqlite,redis in the environment: only these.
export async function eachDatabase(names, work) {
  const found = [];
  for (const name of process.env.DATABASES?.split(',') ?? names) {
    const cleanups = [];
    try {
      found.push(await work(await open({ after: cleanup => cleanups.push(cleanup) }, name)));
    } finally {
      for (const cleanup of cleanups.reverse()) await cleanup();
    }
  }
  return found;
}
