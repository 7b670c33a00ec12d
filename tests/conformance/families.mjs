// The families of requests that this version must answer like the reference relay (ld-relay 8.10.1); a line is added with
// every endpoint. `only` chooses among the names in reference/corpus.mjs and of the rounds of updates in reference/compare.mjs.
export const families = [
  { name: 'credentials on /all and /flags', only: /^key \S+ \/(all|flags)$/ },
  { name: 'payload filters', only: /^filter (all|flags)$/ },
  { name: 'data sets with every property, with tombstones, with odd numbers and names', only: /^(more|odd) all$/ },
  { name: 'methods', only: /^((OPTIONS|DELETE) \/(all|status)( origin)?|method \S+ \/(all|status|nope))$/ },
  { name: 'paths', only: /^path (\/|\/nope|\/status\/|\/all\/|\/\/all|\/sdk\/?|\/robots\.txt|\/metrics|\/a\/x\.png)$/ },
  { name: 'polls', only: /^poll / },
  { name: 'polls: ttl, tombstones, everything a flag can have', only: /^(more (\/sdk\/|not modified)|odd poll)/ },
  { name: 'conditional polls', only: /^etag (?!evalx)/ },
  { name: 'credentials of polls', only: /^auth (?!ignored on browser)/ },
  { name: 'payload filters of polls', only: /^filter ((?!browser |mobile|mping|ping|preflight|goals|unknown environment|all|flags).*)$/ },
  { name: 'request targets of polls', only: /^target (OPTIONS \*|body on GET|\/(%73dk|sdk\/(flags|\.|x|\/|segments)|SDK|favicon|health|sdk\/latest)|http:).*$/ },
  { name: 'updates', only: /^(odd )?updates on \/(all|flags)(\?filter=small)?$/ },
];
