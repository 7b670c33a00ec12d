// The PHP SDK's way of asking, in a process of its own; lib/php_poll.php says what a command and its answer are.
//
//   const php = await startPhp(t);   await php({ url: `${relay.url}/sdk/flags/f`, key }) -> { asked, status, body }
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './secrets.mjs';
import { within } from './wait.mjs';

export async function startPhp(t) {
  const child = spawn('php', [path.join(root, 'tests/integration/lib/php_poll.php')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise(done => child.on('close', done));
  await within('PHP to start', new Promise((done, fail) => { child.once('spawn', done); child.once('error', fail); }));
  t.after(async () => { child.kill('SIGKILL'); await gone; });
  child.stdin.on('error', () => {});
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', line => waiting.shift()(line));
  return command => {
    const answered = new Promise(done => waiting.push(line => done(JSON.parse(line))));
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return within(`PHP: ${command.url}`, Promise.race([answered, gone.then(code => { throw new Error(`PHP ended with ${code}`); })]));
  };
}
