// A program in another language that does what lines of JSON on its standard input say, and answers each with one.
//
//   const { ask } = await startDriven(t, 'PHP', 'php', [script]);   await ask({ ... }, 'what it shall do')
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from './wait.mjs';

class Driven {
  #waiting = [];
  errors = '';  // what it wrote to standard error

  constructor(name, child) {
    this.name = name;
    this.child = child;
    this.gone = new Promise(done => child.on('close', done));
    child.stderr.setEncoding('utf8').on('data', text => { this.errors += text; });
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', line => this.#waiting.shift()(JSON.parse(line)));
  }

  ask(command, what, ms) {
    const answered = new Promise(done => this.#waiting.push(done));
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    const ended = this.gone.then(code => { throw new Error(`${this.name} ended with ${code}:\n${this.errors}`); });
    return within(() => `${this.name}: ${what}\n${this.errors}`, Promise.race([answered, ended]), ms);
  }
}

export async function startDriven(t, name, program, words) {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  await within(`${name} to start`, new Promise((done, fail) => { child.once('spawn', done); child.once('error', fail); }));
  const driven = new Driven(name, child);
  t.after(async () => { child.kill('SIGKILL'); await driven.gone; });
  return driven;
}
