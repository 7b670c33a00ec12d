// Runs in a page: the generations of the browser SDK behind one face, `window.sdk`.
//
//   2 (with users), 3: launchdarkly-js-client-sdk   4: @launchdarkly/js-client-sdk
function classic({ initialize }, id, context, { relay, events = relay, reasons, ...options }) {
  const client = initialize(id, context, { baseUrl: relay, streamUrl: relay, eventsUrl: events, evaluationReasons: reasons, ...options });
  return { client, start: () => client.waitForInitialization(10), identify: (other, hash) => client.identify(other, hash) };
}

const generations = {
  2: async (...all) => classic(await import('launchdarkly-js-client-sdk-2'), ...all),
  3: async (...all) => classic(await import('launchdarkly-js-client-sdk'), ...all),
  async 4(id, context, { relay, events = relay, reasons, hash, ...options }) {
    const { createClient } = await import('@launchdarkly/js-client-sdk');
    const client = createClient(id, context, { baseUri: relay, streamUri: relay, eventsUri: events, withReasons: reasons, ...options });
    const done = ({ status, error }, good) => { if (status !== good) throw error ?? new Error(status); };
    return {
      client,
      start: async () => done(await client.start({ identifyOptions: { hash } }), 'complete'),
      identify: async (other, otherHash) => done(await client.identify(other, { hash: otherHash }), 'completed'),
    };
  },
};

// Options: relay (its address), events (where they go, if not there), reasons, hash, streaming, useReport ... Rejects when the SDK does not start.
export async function open(generation, id, context, options) {
  const sdk = await generations[generation](id, context, { sendEvents: false, fetchGoals: false, diagnosticOptOut: true, ...options });
  const same = (key, value) => JSON.stringify(sdk.client.variation(key, 'default')) === JSON.stringify(value);
  // Resolves when the flag has the value, now or after a change.
  sdk.until = (key, value) => new Promise(done => {
    const look = () => { if (same(key, value)) { sdk.client.off('change', look); done(); } };
    sdk.client.on('change', look);
    look();
  });
  window.sdk = sdk;
  await sdk.start();
  return sdk.client.allFlags();
}
