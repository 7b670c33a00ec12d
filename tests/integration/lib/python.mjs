// The real Python server-side SDK, in a process of its own; lib/python_sdk.py says which commands there are.
//
//   const python = await startPython(t);   await python.ask({ do: 'open', name: 'a', mode: 'daemon', ... });
import path from 'node:path';
import { startDriven } from './driven.mjs';
import { root } from './secrets.mjs';

const program = path.join(root, '.cache/python/bin/python'); // made by scripts/test
const driver = path.join(root, 'tests/integration/lib/python_sdk.py');

export async function startPython(t) {
  const python = await startDriven(t, 'Python', program, [driver]);
  // The answer to one command; an error of the SDK is an error here.
  const ask = async command => {
    const { answer, problem } = await python.ask(command, command.do, 30000);
    if (problem) throw new Error(`Python, ${command.do} ${command.name}: ${problem}\n${python.errors}`);
    return answer;
  };
  return { ask };
}
