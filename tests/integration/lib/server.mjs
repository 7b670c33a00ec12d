// Stand-ins for servers: what listens on a port of its own, can go away and come back there; and answers on demand.
//
//   class Upstream extends Server { take(req, res) { ... } }   const up = await listen(t, new Upstream(await freePort()));
//   const server = await startServer(t, (req, res) => { ... });   server.uri   await server.stop();   await server.start();
import http from 'node:http';
import { freePort } from './ports.mjs';

// Requests go to its method `take`.
export class Server {
  #server;
  #sockets = new Set();

  constructor(port) { this.port = port; }

  get uri() { return `http://127.0.0.1:${this.port}`; }

  // Listens; again on the same port after stop().
  async start() {
    this.#server = http.createServer((req, res) => this.take(req, res));
    this.#server.keepAliveTimeout = 0;
    this.#server.on('connection', socket => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    await new Promise((done, fail) => { this.#server.once('error', fail); this.#server.listen(this.port, '127.0.0.1', done); });
  }

  // Refuses connections from now on; open ones are cut.
  async stop() {
    if (!this.#server?.listening) return;
    const closed = new Promise(done => this.#server.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

// Starts a server, which ends with `t`; returns it.
export async function listen(t, server) {
  await server.start();
  t.after(() => server.stop());
  return server;
}

export const startServer = async (t, take) => listen(t, Object.assign(new Server(await freePort()), { take }));

// An answer on demand is a status, or { status, headers, body }, { hang: true } (the request is taken and never answered),
// { reset: true } (the connection is reset), or what else a stand-in knows.
export const answerOf = wanted => (typeof wanted === 'number' ? { status: wanted } : wanted);

// True when there is nothing more to answer.
export function breaks({ hang, reset }, res) {
  if (reset) res.socket.resetAndDestroy();
  return Boolean(hang || reset);
}
