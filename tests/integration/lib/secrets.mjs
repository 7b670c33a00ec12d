// The folder for everything that relays wrote, and the list of keys that must not be found in it (secrets.test.mjs).
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const logFolder = process.env.FLAGRELAY_TEST_LOGS ?? path.join(root, '.cache/test-logs');
export const keyList = path.join(logFolder, 'keys.txt');
fs.mkdirSync(logFolder, { recursive: true });

// Remembers the text as a secret and returns it.
export function secret(text) {
  fs.appendFileSync(keyList, text + '\n');
  return text;
}

let files = 0;
// A new file for the output of one process.
export function logFile(kind) {
  return path.join(logFolder, `${process.pid}-${++files}.${kind}`);
}
