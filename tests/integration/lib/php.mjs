// The PHP SDK's way of asking, in a process of its own; lib/php_poll.php says what a command and its answer are.
//
//   const php = await startPhp(t);   await php({ url: `${relay.url}/sdk/flags/f`, key }) -> { asked, status, body }
import path from 'node:path';
import { startDriven } from './driven.mjs';
import { root } from './secrets.mjs';

export async function startPhp(t) {
  const php = await startDriven(t, 'PHP', 'php', [path.join(root, 'tests/integration/lib/php_poll.php')]);
  return command => php.ask(command, command.url);
}
