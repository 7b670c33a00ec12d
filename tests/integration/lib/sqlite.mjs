// The file of a relay with [SQLite] path = flags.db, seen from another process.
//
//   await sqliteRows(relay.folder, 'select 1, 2') -> ['1|2']      await sqliteChange(relay.folder, 'delete from t', ...)
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const python = async (folder, code, ...args) => (await promisify(execFile)('python3', ['-c', `import sqlite3, sys\n${code}`, path.join(folder, 'flags.db'), ...args])).stdout;

export async function sqliteRows(folder, query) {
  const code = 'for row in sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]): print("|".join(str(x) for x in row))';
  return (await python(folder, code, query)).split('\n').slice(0, -1);
}

// In one transaction.
export async function sqliteChange(folder, ...statements) {
  await python(folder, 'with sqlite3.connect(sys.argv[1], timeout=10) as db:\n  for statement in sys.argv[2:]: db.execute(statement)', ...statements);
}
