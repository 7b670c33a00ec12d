// nginx, which the relay is measured beside.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { accepting, children, folder, freePort, start, stop } from './programs.mjs';

const config = (name, port, { workers = os.cpus().length, http, server }) => `${process.getuid() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes ${workers};
pid ${folder}/${name}.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `  ${kind}_temp_path ${folder}/${name}-${kind};`).join('\n')}
  ${http}
  server {
    listen 127.0.0.1:${port} reuseport;
    ${server}
  }
}
`;

// `http` and `server`: what those blocks of its configuration say besides. As many `workers` as there are processors unless told.
export async function startNginx(name, settings) {
  const port = await freePort();
  const file = path.join(folder, `${name}.conf`);
  fs.writeFileSync(file, config(name, port, settings));
  const child = start('nginx', '-p', folder, '-c', file);
  await accepting(port);
  return { port, pids: children(child), stop: () => stop(child) };
}
