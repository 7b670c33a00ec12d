// A client for event streams over a raw socket: it keeps every byte, takes chunks and events apart by itself, and says how the
// stream ended.
//
//   const stream = openStream(t, port, '/all', key);
//   (await stream.head()).status;   const put = await stream.next();   await stream.find(e => e.name === 'patch');
import net from 'node:net';
import { parseHead, requestText } from './request.mjs';
import { until } from './wait.mjs';

class Stream {
  raw = Buffer.alloc(0);    // what came over the socket, while `keep` is on
  text = '';                // the body without chunk framing, events and comments not yet taken by next()
  answer = null;            // the parsed head
  chunkSizes = [];
  frames = [];              // { name, data, text, at } and { comment, at }
  taken = 0;
  ended = null;             // 'last chunk', 'closed' or an error code
  closed = false;           // the socket is gone
  #buffer = Buffer.alloc(0);
  #left = 0;                // bytes of the current chunk that are still to come

  constructor(port, text, { keep = true, host = '127.0.0.1', localAddress } = {}) {
    this.keep = keep;
    this.socket = net.connect({ port, host, localAddress });
    this.socket.on('data', bytes => this.#take(bytes));
    this.socket.on('error', problem => { this.ended ??= problem.code; });
    this.socket.on('close', () => { this.ended ??= 'closed'; this.closed = true; });
    this.socket.write(text);
  }

  #take(bytes) {
    if (this.keep) this.raw = Buffer.concat([this.raw, bytes]);
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, bytes]) : bytes;
    if (!this.answer && !this.#takeHead()) return;
    if (this.answer.headers['transfer-encoding'] !== 'chunked') {
      this.#body(this.#buffer);
      this.#buffer = Buffer.alloc(0);
    } else {
      while (this.#takeChunk()) ;
    }
  }

  #takeHead() {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return false;
    this.answer = parseHead(this.#buffer.subarray(0, end + 4).toString('latin1'));
    this.#buffer = this.#buffer.subarray(end + 4);
    return true;
  }

  #takeChunk() {
    if (this.#left === 0) {
      const end = this.#buffer.indexOf('\r\n');
      if (end < 0) return false;
      const size = this.#buffer.subarray(0, end).toString('latin1');
      if (!/^[0-9a-fA-F]+$/.test(size)) { this.ended ??= `bad chunk size ${JSON.stringify(size.slice(0, 40))}`; return false; }
      if (parseInt(size, 16) === 0) { this.ended ??= 'last chunk'; return false; }
      this.#left = parseInt(size, 16) + 2;
      this.chunkSizes.push(this.#left - 2);
      this.#buffer = this.#buffer.subarray(end + 2);
    }
    if (this.#left > 2) {
      const part = this.#buffer.subarray(0, this.#left - 2);
      this.#body(part);
      this.#left -= part.length;
      this.#buffer = this.#buffer.subarray(part.length);
    }
    if (this.#left > 2 || this.#buffer.length < this.#left) return false;
    this.#buffer = this.#buffer.subarray(this.#left);
    this.#left = 0;
    return true;
  }

  #pieces = [];             // of an event that is not complete yet; may end inside a character
  #body(bytes) {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    if (bytes[bytes.length - 1] !== 10) return;
    let text = Buffer.concat(this.#pieces).toString('utf8');
    const at = performance.now();
    for (;;) {
      if (text.startsWith(':\n')) { this.frames.push({ comment: true, at }); text = text.slice(2); continue; }
      const end = text.indexOf('\n\n');
      if (end < 0) break;
      this.frames.push(Stream.#event(text.slice(0, end + 2), at));
      text = text.slice(end + 2);
    }
    this.#pieces = text ? [Buffer.from(text)] : [];
  }

  static #event(text, at) {
    const lines = text.split('\n');
    const field = name => lines.filter(line => line.startsWith(`${name}:`)).map(line => line.slice(name.length + 1).replace(/^ /, '')).join('\n');
    return { name: field('event'), data: field('data'), text, at, get json() { return JSON.parse(this.data); } };
  }

  get events() { return this.frames.filter(frame => !frame.comment); }
  get comments() { return this.frames.filter(frame => frame.comment); }

  head(ms) { return until('the head of a stream', () => this.answer ?? (this.closed && this.#gone()), ms); }
  #gone() { throw new Error(`the stream ended (${this.ended}) instead: ${JSON.stringify(this.raw.toString('latin1').slice(0, 300))}`); }

  // The next event in order that next() has not returned yet.
  async next(ms) {
    const frame = await until(() => `event ${this.taken + 1} of a stream; so far ${JSON.stringify(this.events.map(e => e.text.slice(0, 80)))}`,
      () => this.events[this.taken] ?? (this.closed && this.#gone()), ms);
    this.taken++;
    return frame;
  }

  // The next event for which fits(event) holds; the ones before it are skipped.
  async find(fits, ms) {
    for (;;) { const frame = await this.next(ms); if (fits(frame)) return frame; }
  }

  // How it ended, once it did: 'last chunk', 'closed' (without one) or an error code.
  end(ms) { return until(() => `the end of a stream with ${this.frames.length} frames`, () => this.ended, ms); }

  // Resolves when the connection is gone too.
  gone(ms) { return until('the end of a connection', () => this.closed, ms); }

  // Stops reading, so that the other side's bytes pile up.
  pause() { this.socket.pause(); }
  close() { this.socket.destroy(); }
}

// `key` is the Authorization header; undefined sends none. Options: headers, method, version, and those of Stream.
export function openStream(t, port, target, key, options = {}) {
  const headers = { ...(key !== undefined ? { Authorization: key } : {}), Accept: 'text/event-stream', ...options.headers };
  const stream = new Stream(port, requestText({ method: options.method, version: options.version, target, headers, close: false }), options);
  t.after(() => stream.close());
  return stream;
}
