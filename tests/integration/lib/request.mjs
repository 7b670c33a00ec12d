// One HTTP request over a socket of its own, with full control over the bytes and a look at the raw answer.
import net from 'node:net';
import { within } from './wait.mjs';

// "GET / HTTP/1.1..." with Host, Connection: close and the given headers.
export function requestText({ method = 'GET', target = '/', headers = {}, body = '', close = true, version = '1.1' }) {
  const lines = Object.entries({ Host: 'relay', ...(close ? { Connection: 'close' } : {}), ...(body ? { 'Content-Length': Buffer.byteLength(body) } : {}), ...headers });
  return `${method} ${target} HTTP/${version}\r\n${lines.flatMap(([name, value]) => [value].flat().map(one => `${name}: ${one}\r\n`)).join('')}\r\n${body}`;
}

// { statusLine, status, headers (lower-case names, first value), raw (head as sent) } of a head with its empty line.
export function parseHead(text) {
  const [statusLine, ...lines] = text.split('\r\n').filter(line => line !== '');
  const headers = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    headers[line.slice(0, at).toLowerCase()] ??= line.slice(at + 1).trim();
  }
  return { statusLine, status: Number(statusLine.split(' ')[1]), headers, raw: text };
}

// Sends the bytes and returns everything until the other side closes; { text, reset }.
export function exchange(port, bytes, { ms = 10000, host = '127.0.0.1', finish = false } = {}) {
  return within(`the end of an answer to ${JSON.stringify(String(bytes).slice(0, 200))}`, new Promise(done => {
    const socket = net.connect({ port, host, allowHalfOpen: true });
    const chunks = [];
    let reset = null;
    socket.on('data', chunk => chunks.push(chunk));
    socket.on('error', problem => { reset = problem.code; });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => done({ text: Buffer.concat(chunks).toString('latin1'), reset }));
    if (finish) socket.end(bytes); else socket.write(bytes);
  }), ms);
}

// One request with Connection: close. Rejects when no complete head comes back.
export async function request(port, options) {
  const { text, reset } = await exchange(port, requestText(options), options);
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`no answer (${reset ?? JSON.stringify(text)}) to ${options.method ?? 'GET'} ${options.target}`);
  const body = Buffer.from(text.slice(end + 4), 'latin1').toString('utf8');
  return { ...parseHead(text.slice(0, end + 4)), body };
}
