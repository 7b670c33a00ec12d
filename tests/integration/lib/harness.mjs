// What nearly every test begins with: an upstream, a relay in front of it, and keys.
import { environmentId, mobileKey, sdkKey } from './data.mjs';
import { startRelay } from './relay.mjs';
import { startUpstream } from './upstream.mjs';

// One environment `prod` with this data. `main`, `environment` and `config` add to the configuration; other options go to startRelay.
export async function startPair(t, data, { main, environment, config, wait = true, upstream, key = sdkKey(), ...options } = {}) {
  const up = upstream ?? await startUpstream(t);
  if (data) up.environments[key] = data;
  const id = environmentId();
  const mobile = mobileKey();
  const relay = await startRelay(t, {
    config: {
      main: { streamUri: up.uri, baseUri: up.uri, heartbeatInterval: '1m', ...main },
      environments: { prod: { sdkKey: key, mobileKey: mobile, envId: id, ...environment } },
      ...config,
    },
    ...options,
  });
  if (wait) await relay.waitHealthy();
  return { up, relay, key, mobile, id };
}
