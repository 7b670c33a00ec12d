// A large data set through every database: how long until it is stored, how long a start from it takes, beside what a bare
// client of the database needs for the same bytes; and how long the control thread was held meanwhile (held.c).
import { spawn, spawnSync } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { databaseKinds } from '../integration/lib/databases.mjs';
import { freePort } from '../integration/lib/ports.mjs';
import { eachDatabase } from './each_database.mjs';
import { heldBy, histogramRow, histograms } from './held.mjs';
import { healthy, key, memory, relayProgram, startUpstream, startWith, stop, tool, waitFor, writeConfig } from './programs.mjs';

export const about = 'a large data set written to and read from every database';
export const options = { flags: 10000, kilobytes: 5 };

// What the work says it took, or else what it took.
const seconds = async work => { const began = performance.now(); return await work() ?? (performance.now() - began) / 1000; };
const prefix = 'bench';

// ---- the bare clients

function execute(command, words, input) {
  const { status, stdout, stderr } = spawnSync(command, words, { input, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}
// Python prints how long its work took, so that its own start does not count.
const python = (code, file, input) => Number(execute('python3', ['-c', code, file], input));

const agent = new http.Agent({ keepAlive: true });
function ask(port, method, target, body = '', headers = {}) {
  return new Promise((done, fail) => {
    const req = http.request({ port, host: '127.0.0.1', method, path: target, agent, headers: { 'Content-Length': Buffer.byteLength(body), ...headers } }, res => {
      const parts = [];
      res.on('data', part => parts.push(part));
      res.on('end', () => res.statusCode === 200 || res.statusCode === 404 ? done({ found: res.statusCode === 200, body: Buffer.concat(parts) }) : fail(new Error(`${method} ${target}: ${res.statusCode} ${Buffer.concat(parts)}`)));
    });
    req.on('error', fail);
    req.end(body);
  });
}
const dynamo = async (port, operation, body) => JSON.parse((await ask(port, 'POST', '/', JSON.stringify(body), {
  'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `DynamoDB_20120810.${operation}`,
  Authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
})).body);

function groupsOf(items, size) {
  const groups = [];
  for (let i = 0; i < items.length; i += size) groups.push(items.slice(i, i + size));
  return groups;
}
const resp = (...words) => `*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
const sqliteCode = {
  write: `import json, sqlite3, sys, time
items = json.load(sys.stdin); began = time.monotonic()
db = sqlite3.connect(sys.argv[1]); db.execute("pragma journal_mode = wal"); db.execute("pragma synchronous = normal")
db.execute("create table item (prefix text, kind text, key text, version integer, data text, unique (prefix, kind, key))")
db.executemany("insert into item values ('bench', 'features', ?, 1, ?)", items); db.commit()
print(time.monotonic() - began)`,
  read: `import sqlite3, sys, time
began = time.monotonic()
sqlite3.connect(sys.argv[1]).execute("select key, version, data from item where prefix = 'bench' and kind = 'features'").fetchall()
print(time.monotonic() - began)`,
  wait: `import os, sqlite3, sys, time
while not os.path.exists(sys.argv[1]): time.sleep(0.005)
db = sqlite3.connect(sys.argv[1], timeout=60)
while not (db.execute("select 1 from sqlite_master where name = 'marker'").fetchone() and db.execute("select 1 from marker").fetchone()): time.sleep(0.005)`,
};

// client: what the floor is. write, read: items are [key, text]. stored: is the marker there?
const kinds = {
  sqlite: {
    client: "Python's sqlite3, one transaction",
    write: ({ folder }, items) => python(sqliteCode.write, path.join(folder, 'bare.db'), JSON.stringify(items)),
    read: ({ folder }) => python(sqliteCode.read, path.join(folder, 'bare.db')),
    stored: ({ file }) => new Promise(done => spawn('python3', ['-c', sqliteCode.wait, file]).on('close', code => done(code === 0))),
  },
  redis: {
    client: 'redis-cli --pipe; redis-cli HGETALL',
    write: ({ port }, items) => { execute('redis-cli', ['-p', port, '--pipe'], resp('MULTI') + items.map(([name, text]) => resp('HSET', 'bare:features', name, text)).join('') + resp('EXEC')); },
    read: ({ port }) => { execute('redis-cli', ['-p', port, '--raw', 'HGETALL', 'bare:features']); },
    stored: ({ port }) => spawnSync('redis-cli', ['-p', port, 'EXISTS', `${prefix}:$inited`], { encoding: 'utf8' }).stdout.trim() === '1',
  },
  consul: {
    client: 'Node, transactions of 64; one GET ?recurse',
    write: async ({ port }, items) => {
      for (const group of groupsOf(items, 64)) await ask(port, 'PUT', '/v1/txn', JSON.stringify(group.map(([name, text]) => ({ KV: { Verb: 'set', Key: `bare/features/${name}`, Value: Buffer.from(text).toString('base64') } }))));
    },
    read: async ({ port }) => { for (const row of JSON.parse((await ask(port, 'GET', '/v1/kv/bare/features/?recurse=')).body)) Buffer.from(row.Value, 'base64').toString(); },
    stored: async ({ port }) => (await ask(port, 'GET', `/v1/kv/${prefix}/$inited`)).found,
  },
  dynamodb: {
    client: 'Node, BatchWriteItem of 25; Query',
    write: async ({ port }, items) => {
      for (const group of groupsOf(items, 25)) {
        let left = { flags: group.map(([name, text]) => ({ PutRequest: { Item: { namespace: { S: 'bare:features' }, key: { S: name }, version: { N: '1' }, item: { S: text } } } })) };
        while (Object.keys(left ?? {}).length > 0) left = (await dynamo(port, 'BatchWriteItem', { RequestItems: left })).UnprocessedItems;
      }
    },
    read: async ({ port }) => {
      let from;
      do {
        const page = await dynamo(port, 'Query', { TableName: 'flags', ConsistentRead: true, ExclusiveStartKey: from, KeyConditions: { namespace: { ComparisonOperator: 'EQ', AttributeValueList: [{ S: 'bare:features' }] } } });
        from = page.LastEvaluatedKey;
      } while (from);
    },
    stored: async ({ port }) => 'Item' in await dynamo(port, 'GetItem', { TableName: 'flags', ConsistentRead: true, Key: { namespace: { S: `${prefix}:$inited` }, key: { S: `${prefix}:$inited` } } }),
  },
};

// ---- the relay

// Until the first event of /all is complete.
function firstPut(port) {
  return new Promise((done, fail) => {
    const req = http.get({ port, host: '127.0.0.1', path: '/all', headers: { Authorization: key }, agent: false }, res => {
      if (res.statusCode !== 200) { res.resume(); res.on('end', () => done(false)); return; }
      res.on('data', part => { if (part.subarray(-2).toString() === '\n\n') { req.destroy(); done(true); } });
    });
    req.on('error', problem => (problem.code === 'ECONNREFUSED' ? done(false) : fail(problem)));
  });
}

async function measureRelay(db, upstream) {
  const held = path.join(db.folder, 'held');
  const begin = async (to, extra) => {
    const port = await freePort();
    const began = performance.now();
    const relay = startWith({ ...db.env, LD_PRELOAD: tool('held.so'), HELD_FILE: held }, relayProgram, '--config', writeConfig(port, to, `prefix = ${prefix}\n${db.config}${extra}`));
    return { port, relay, since: () => (performance.now() - began) / 1000 };
  };
  const writer = await begin(upstream, '');
  const [accepted, stored] = await Promise.all([
    healthy(writer.port, 60).then(writer.since),
    waitFor(`the marker in ${db.name}`, () => kinds[db.name].stored(db)).then(writer.since),
  ]);
  const whileWriting = await heldBy(writer.relay, held);
  const writing = memory(writer.relay, 'VmHWM');
  await stop(writer.relay);
  const reader = await begin({ port: await freePort() }, '[Main]\ninitTimeout = 1ms\n');
  await waitFor('the stored data', () => firstPut(reader.port));
  const served = reader.since();
  const whileReading = await heldBy(reader.relay, held);
  const reading = memory(reader.relay, 'VmHWM');
  await stop(reader.relay);
  return { accepted, stored, served, writing, reading, whileWriting, whileReading };
}

async function measureDatabase({ flags, kilobytes }, db) {
  const { name } = db;
  const size = kilobytes * 1000;
  const items = [...Array(flags)].map((_, i) => { const text = JSON.stringify({ key: `flag-${i}`, version: 1, variations: [''] }); return [`flag-${i}`, text.replace('""', `"${'x'.repeat(size - text.length)}"`)]; });
  const upstream = await startUpstream(flags, size - 700);
  const relay = await measureRelay(db, upstream);
  await stop(upstream.child);
  const write = await seconds(() => kinds[name].write(db, items));
  const read = await seconds(() => kinds[name].read(db));
  const megabytes = flags * size / 1048576;
  return {
    rows: [
      { measure: `${name}: write, start to stored; floor: ${kinds[name].client}`, unit: 's', floor: write, relay: relay.stored, ratio: relay.stored / write },
      { measure: `${name}: of that, until the put was accepted and served`, unit: 's', relay: relay.accepted },
      { measure: `${name}: read, start without upstream to the first SDK served`, unit: 's', floor: read, relay: relay.served, ratio: relay.served / read },
      { measure: `${name}: most memory (RSS) ever, writing; floor: the data`, unit: 'MiB', floor: megabytes, relay: relay.writing, ratio: relay.writing / megabytes },
      { measure: `${name}: most memory (RSS) ever, reading and serving one SDK`, unit: 'MiB', floor: megabytes, relay: relay.reading, ratio: relay.reading / megabytes },
    ],
    held: [histogramRow(`${name}, writing`, relay.whileWriting), histogramRow(`${name}, reading`, relay.whileReading)],
  };
}

export async function run(settings) {
  const found = await eachDatabase(['sqlite', ...databaseKinds], db => measureDatabase(settings, db));
  return { title: `${settings.flags.toLocaleString('en')} flags of ${settings.kilobytes} kB in a database`, rows: found.flatMap(({ rows }) => rows), text: histograms(found.flatMap(({ held }) => held)) };
}
