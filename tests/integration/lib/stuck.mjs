// Clients that ask and then read nothing, with receive buffers so small that little hides in them.
import { spawn } from 'node:child_process';
import { within } from './wait.mjs';

const code = `
import socket, sys
port, count, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
clients = []
for _ in range(count):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(('127.0.0.1', port))
    client.sendall(text)
    clients.append(client)
print('connected', flush=True)
sys.stdin.read()
`;

// Resolves when all are connected and have sent `text`. They stay until the test ends.
export async function startStuckClients(t, port, text, count) {
  const child = spawn('python3', ['-c', code, String(port), String(count), text], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await within('the stuck clients', new Promise((done, fail) => {
    child.stdout.once('data', done);
    child.once('exit', () => fail(new Error('the stuck clients ended')));
  }));
}
