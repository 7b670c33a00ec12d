// Real databases on free loopback ports, one process each, stopped by their process id.
//
//   const db = await startDatabase(t, 'redis');   db.section(port) -> configuration   await db.kill();   await db.start();
//   await db.item('features', 'f') -> the stored text, or null
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { freePort } from './ports.mjs';
import { temporaryFolder } from './relay.mjs';
import { root } from './secrets.mjs';
import { until, within } from './wait.mjs';

const answersOn = port => new Promise(done => {
  const probe = net.connect({ port, host: '127.0.0.1' }, () => { probe.destroy(); done(true); });
  probe.on('error', () => done(false));
});

// One HTTP request with a JSON answer; null for 404.
function ask(port, method, target, body, headers = {}) {
  return within(`${method} ${target}`, new Promise((done, fail) => {
    const req = http.request({ port, host: '127.0.0.1', method, path: target, headers, agent: false }, res => {
      let text = '';
      res.on('data', chunk => { text += chunk; });
      res.on('end', () => {
        if (res.statusCode === 404) done(null);
        else if (res.statusCode >= 300) fail(new Error(`${method} ${target}: ${res.statusCode} ${text}`));
        else done(text === '' ? null : JSON.parse(text));
      });
    });
    req.on('error', fail);
    req.end(body);
  }));
}

const dynamo = (port, operation, body) => ask(port, 'POST', '/', JSON.stringify(body), {
  'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `DynamoDB_20120810.${operation}`,
  Authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
});

const table = {
  TableName: 'flags', BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'namespace', AttributeType: 'S' }, { AttributeName: 'key', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'namespace', KeyType: 'HASH' }, { AttributeName: 'key', KeyType: 'RANGE' }],
};

// command: the server. section: what the relay's configuration says. reads: how a read of each kind looks on the wire.
const kinds = {
  redis: {
    command: (port, folder) => ['redis-server', '--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
    section: port => ({ Redis: { url: `redis://127.0.0.1:${port}` } }),
    env: {},
    reads: { features: /\r\nHGETALL\r\n\$\d+\r\n[^\r]*:features\r\n/, segments: /\r\nHGETALL\r\n\$\d+\r\n[^\r]*:segments\r\n/ },
    prepare: async () => {},
    item: async (port, prefix, kind, key) => cli(port, '--raw', 'hget', `${prefix}:${kind}`, key) || null,
    clear: async port => { cli(port, 'flushall'); },
  },
  consul: {
    command: port => [path.join(root, 'tests/servers/consul'), port],
    section: port => ({ Consul: { host: `127.0.0.1:${port}` } }),
    env: {},
    reads: { features: /GET \/v1\/kv\/[^ ]*\/features\/\?recurse/, segments: /GET \/v1\/kv\/[^ ]*\/segments\/\?recurse/ },
    prepare: port => until('a leader of Consul', () => ask(port, 'GET', '/v1/status/leader').then(leader => leader !== '', () => false), 30000),
    item: async (port, prefix, kind, key) => {
      const rows = await ask(port, 'GET', `/v1/kv/${prefix}/${kind}/${key}`);
      return rows === null ? null : Buffer.from(rows[0].Value ?? '', 'base64').toString();
    },
    clear: port => ask(port, 'DELETE', '/v1/kv/?recurse='),
  },
  dynamodb: {
    command: port => [path.join(root, 'tests/servers/dynamodb'), port],
    section: port => ({ DynamoDB: { enabled: true, tableName: 'flags', url: `http://127.0.0.1:${port}` } }),
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' },
    reads: { features: /DynamoDB_20120810\.Query[^]*?"[^"]*features"/, segments: /DynamoDB_20120810\.Query[^]*?"[^"]*segments"/ },
    prepare: port => until('a table of DynamoDB', () => dynamo(port, 'CreateTable', table).then(() => true, problem => /ResourceInUse/.test(problem.message)), 30000),
    item: async (port, prefix, kind, key) => {
      const answer = await dynamo(port, 'GetItem', { TableName: 'flags', ConsistentRead: true, Key: { namespace: { S: `${prefix}:${kind}` }, key: { S: key } } });
      return answer.Item?.item.S ?? null;
    },
    clear: async port => { await dynamo(port, 'DeleteTable', { TableName: 'flags' }); await dynamo(port, 'CreateTable', table); },
  },
};

export const databaseKinds = Object.keys(kinds);

const cli = (port, ...words) => spawnSync('redis-cli', ['-p', port, ...words], { encoding: 'utf8' }).stdout.replace(/\n$/, '');
export const redisCli = cli;

class Database {
  constructor(name, port, folder) { Object.assign(this, { name, port, folder, kind: kinds[name] }); }

  async start() {
    const [command, ...words] = this.kind.command(String(this.port), this.folder);
    const log = fs.openSync(path.join(this.folder, 'log'), 'a');
    this.child = spawn(command, words, { stdio: ['ignore', log, log], detached: true });
    fs.closeSync(log);
    const child = this.child;
    this.gone = new Promise(done => child.on('exit', done));
    let ended = false;
    this.gone.then(() => { ended = true; });
    await until(() => `${this.name} to start; ${fs.readFileSync(path.join(this.folder, 'log'), 'utf8').slice(-2000)}`, () => {
      if (ended) throw new Error(`${this.name} ended instead of serving: ${fs.readFileSync(path.join(this.folder, 'log'), 'utf8').slice(-2000)}`);
      return answersOn(this.port);
    }, 300000); // the first start may have to build or fetch it
    await this.kind.prepare(this.port);
  }

  // kill -9 for it and its children.
  async kill() {
    if (!this.child) return;
    try { process.kill(-this.child.pid, 'SIGKILL'); } catch { /* gone already */ }
    await this.gone;
    this.child = null;
    await until('the port to be free', async () => !await answersOn(this.port));
  }

  section(port = this.port) { return this.kind.section(port); }
  get env() { return this.kind.env; }
  get reads() { return this.kind.reads; }
  item(kind, key, prefix = 'prod') { return this.kind.item(this.port, prefix, kind, key); }
  async version(kind, key, prefix) { const text = await this.item(kind, key, prefix); return text === null ? null : JSON.parse(text).version; }
  clear() { return this.kind.clear(this.port); }
}

export async function startDatabase(t, name) {
  const db = new Database(name, await freePort(), temporaryFolder(t));
  await db.start();
  t.after(() => db.kill());
  return db;
}
