// A TCP proxy between the relay and a database: it counts what passes, and fails in every way on demand.
//
//   const proxy = await startProxy(t, port);   proxy.fault = 'black hole';   proxy.fault = null;
//   proxy.count(/HGETALL/);   proxy.forget();
//
// Faults: 'refuse' (nobody listens), 'reset' (accepted, then reset), 'black hole' (bytes vanish), 'slow' (2 s each way),
// 'half' (an answer breaks off after its first bytes), 'garbage' (random bytes instead of answers).
import net from 'node:net';
import { freePort } from './ports.mjs';
import { until } from './wait.mjs';

class Proxy {
  requests = '';          // what the relay sent
  #pairs = new Set();
  #fault = null;

  constructor(port, target) { this.port = port; this.target = target; }

  async listen() {
    this.server = net.createServer(client => this.#connect(client));
    await new Promise((done, fail) => { this.server.once('error', fail); this.server.listen(this.port, '127.0.0.1', done); });
  }

  get fault() { return this.#fault; }

  // Connections that are open meet the fault too.
  async inject(fault) {
    const before = this.#fault;
    this.#fault = fault;
    if (fault === 'refuse') await this.close();
    if (before === 'refuse' && fault !== 'refuse') await this.listen();
    if (fault === 'reset') for (const pair of this.#pairs) pair.client.resetAndDestroy();
    if (fault === null) for (const pair of [...this.#pairs]) pair.destroy(); // what was swallowed is not coming back
  }

  async close() {
    if (!this.server?.listening) return;
    const closed = new Promise(done => this.server.close(done));
    for (const pair of [...this.#pairs]) pair.destroy();
    await closed;
  }

  count(expression) { return (this.requests.match(new RegExp(expression, 'g')) ?? []).length; }
  forget() { this.requests = ''; }
  get open() { return this.#pairs.size; }

  #connect(client) {
    client.on('error', () => {});
    if (this.#fault === 'reset') { client.resetAndDestroy(); return; }
    const server = net.connect({ port: this.target, host: '127.0.0.1' });
    const pair = { client, server, answered: 0, destroy: () => { client.destroy(); server.destroy(); this.#pairs.delete(pair); } };
    this.#pairs.add(pair);
    for (const socket of [client, server]) { socket.on('error', () => {}); socket.on('close', () => pair.destroy()); }
    client.on('data', bytes => { this.requests += bytes.toString('latin1'); this.#pass(pair, bytes, server, false); });
    server.on('data', bytes => this.#pass(pair, bytes, client, true));
  }

  #pass(pair, bytes, to, isAnswer) {
    switch (this.#fault) {
      case 'black hole': return;
      case 'slow': setTimeout(() => { if (!to.destroyed) to.write(bytes); }, 2000); return;
      case 'half': if (isAnswer) { to.write(bytes.subarray(0, Math.max(1, bytes.length >> 1))); to.end(); return; } break;
      case 'garbage': if (isAnswer) { to.write(Buffer.from([...bytes].map((b, i) => (b * 31 + i * 7) & 255))); return; } break;
    }
    to.write(bytes);
  }
}

export async function startProxy(t, target) {
  const proxy = new Proxy(await freePort(), target);
  await proxy.listen();
  t.after(() => proxy.close());
  return proxy;
}

export const waitQuiet = async proxy => { // nothing was asked for some time
  let last = -1;
  await until('the database to be left alone', async () => {
    const quiet = proxy.requests.length === last;
    last = proxy.requests.length;
    if (!quiet) await new Promise(done => setTimeout(done, 100));
    return quiet;
  });
};
