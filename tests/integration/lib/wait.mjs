// Waiting for a condition with a deadline; the tests have no other way to let time pass.

// Programs built with sanitizers are slower: FLAGRELAY_SLOW=5 stretches every deadline.
export const slowness = Number(process.env.FLAGRELAY_SLOW ?? 1);

export const pause = ms => new Promise(done => setTimeout(done, ms));

// The first value of look() that is not null, undefined or false. `what` completes "waited for".
export async function until(what, look, ms = 10000) {
  const end = Date.now() + ms * slowness;
  for (;;) {
    const value = await look();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${ms * slowness} ms for ${typeof what === 'function' ? what() : what}`);
    await pause(5);
  }
}

// The promise's value, or an error when it takes longer; `what` as above.
export function within(what, promise, ms = 10000) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${ms * slowness} ms for ${typeof what === 'function' ? what() : what}`)), ms * slowness);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The least value of several measurements; no further one when it is small enough. A busy machine makes things look slow,
// never quick.
export async function least(tries, enough, measure) {
  let best = Infinity;
  for (let i = 0; i < tries && best > enough; i++) best = Math.min(best, await measure(i));
  return best;
}
