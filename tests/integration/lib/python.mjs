// The real Python server-side SDK, in a process of its own; lib/python_sdk.py says which commands there are.
//
//   const python = await startPython(t);   await python.ask({ do: 'open', name: 'a', mode: 'daemon', ... });
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './secrets.mjs';
import { within } from './wait.mjs';

const python = path.join(root, '.cache/python/bin/python'); // made by scripts/test
const driver = path.join(root, 'tests/integration/lib/python_sdk.py');

class Python {
  #waiting = [];
  #errors = '';

  constructor(child) {
    this.child = child;
    this.gone = new Promise(done => child.on('close', done));
    child.stderr.setEncoding('utf8').on('data', text => { this.#errors += text; });
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', line => this.#waiting.shift()(JSON.parse(line)));
  }

  // The answer to one command; an error of the SDK is an error here.
  async ask(command) {
    const answered = new Promise(done => this.#waiting.push(done));
    this.child.stdin.write(JSON.stringify(command) + '\n');
    const ended = this.gone.then(code => { throw new Error(`Python ended with ${code}:\n${this.#errors}`); });
    const { answer, problem } = await within(`Python: ${command.do}\n${this.#errors}`, Promise.race([answered, ended]), 30000);
    if (problem) throw new Error(`Python, ${command.do} ${command.name}: ${problem}\n${this.#errors}`);
    return answer;
  }
}

export async function startPython(t) {
  const child = spawn(python, [driver], { stdio: ['pipe', 'pipe', 'pipe'] });
  await within('Python to start', new Promise((done, fail) => { child.once('spawn', done); child.once('error', fail); }));
  const sdk = new Python(child);
  t.after(async () => { child.kill('SIGKILL'); await sdk.gone; });
  return sdk;
}
