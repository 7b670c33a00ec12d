// The examples in the documents.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './secrets.mjs';

// [{ language, words, text, line }] of the fenced blocks of README.md or docs/*.md.
export function blocksOf(document) {
  const blocks = [];
  let open = null;
  for (const [i, line] of fs.readFileSync(path.join(root, document), 'utf8').split('\n').entries()) {
    if (open && line === '```') { blocks.push(open); open = null; }
    else if (open) open.text += line + '\n';
    else if (line.startsWith('```')) { const [language, ...words] = line.slice(3).split(' '); open = { language, words, text: '', line: i + 1 }; }
  }
  assert.equal(open, null, `${document}: a block is not closed`);
  return blocks;
}
