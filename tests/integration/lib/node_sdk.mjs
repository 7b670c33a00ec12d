// The real Node server-side SDK in the test's own process.
//
//   const client = await startNodeSdk(t, relay.url, key);   await client.variation('f', context, 'default')
import { init } from '@launchdarkly/node-server-sdk';
import { within } from './wait.mjs';

export const quiet = { debug() {}, info() {}, warn() {}, error() {} }; // a logger

// Resolves when it has its data. It knows nobody but `url`, and reports nothing unless `options` say otherwise.
export async function startNodeSdk(t, url, key, options = {}) {
  const client = init(key, { baseUri: url, streamUri: url, eventsUri: url, sendEvents: false, diagnosticOptOut: true, logger: quiet, ...options });
  t.after(() => client.close());
  await within('the SDK to start', client.waitForInitialization({ timeout: 20 }), 20000);
  return client;
}
