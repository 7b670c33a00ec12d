// Many requests over one connection: sent at once, answered in order (http-api.md 10.1).
//
//   const relay = await openConnection(t, port);   const { status, body } = await relay.ask({ method: 'REPORT', target, body });
import net from 'node:net';
import { parseHead, requestText } from './request.mjs';

class Connection {
  #waiting = [];                  // { done, fail } per request, oldest first
  #bytes = Buffer.alloc(0);
  #head = null;                   // of the answer whose body is still on its way

  constructor(socket) {
    this.socket = socket;
    socket.setNoDelay();
    socket.on('data', chunk => { this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]); while (this.#answer()); });
    socket.on('error', problem => this.#end(problem));
    socket.on('close', () => this.#end(new Error('the connection was closed')));
  }

  // { statusLine, status, headers, raw, body }
  ask(request) {
    return new Promise((done, fail) => {
      this.#waiting.push({ done, fail });
      this.socket.write(requestText({ close: false, ...request }));
    });
  }

  // Takes one answer off the bytes that came; false when it is not complete.
  #answer() {
    if (!this.#head) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return false;
      this.#head = parseHead(this.#bytes.toString('latin1', 0, end + 4));
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    const length = Number(this.#head.headers['content-length'] ?? 0);
    if (this.#bytes.length < length) return false;
    const answer = { ...this.#head, body: this.#bytes.toString('utf8', 0, length) };
    this.#bytes = this.#bytes.subarray(length);
    this.#head = null;
    this.#waiting.shift().done(answer);
    return this.#bytes.length > 0;
  }

  #end(problem) {
    for (const { fail } of this.#waiting.splice(0)) fail(problem);
  }
}

export function openConnection(t, port) {
  return new Promise((done, fail) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    t.after(() => socket.destroy());
    socket.once('error', fail);
    socket.once('connect', () => done(new Connection(socket)));
  });
}

// Several of them; each request goes to the next one.
export async function openConnections(t, port, count) {
  const all = await Promise.all([...Array(count)].map(() => openConnection(t, port)));
  let next = 0;
  return { ask: request => all[next++ % count].ask(request) };
}
