// Random numbers that come again with the same seed (mulberry32), and what is chosen with them.
export class Random {
  #state;

  constructor(seed) { this.#state = seed >>> 0; }

  // 0 <= x < 1
  next() {
    this.#state = (this.#state + 0x6D2B79F5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit) { return Math.floor(this.next() * limit); }
  chance(share) { return this.next() < share; }
  one(list) { return list[this.below(list.length)]; }
  // 0 to `most` things.
  some(most, make) { return [...Array(this.below(most + 1))].map(make); }
  // An object with some of the members: { name: [share, make] }.
  members(wanted) {
    const result = {};
    for (const [name, [share, make]] of Object.entries(wanted)) if (this.chance(share)) result[name] = make();
    return result;
  }
}
