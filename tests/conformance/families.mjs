// The families of requests that this version must answer like the reference relay (ld-relay 8.10.1). `only` chooses among the
// names in reference/corpus.mjs and of the rounds of updates in reference/compare.mjs; the first family that fits counts.
export const families = [
  { name: 'credentials on /all and /flags', only: /^key \S+ \/(all|flags)$/ },
  { name: 'payload filters', only: /^filter (all|flags)$/ },
  { name: 'data sets with every property, with tombstones, with odd numbers and names', only: /^(more|odd) all$/ },
  { name: 'methods', only: /^((OPTIONS|DELETE) \/(all|status)( origin)?|method \S+ \/(all|status|nope))$/ },
  { name: 'paths', only: /^path (\/sdk\/(evalx|latest-).*|\/|\/nope|\/status\/|\/all\/|\/\/all|\/sdk\/?|\/robots\.txt|\/metrics|\/a\/x\.png)$/ },
  { name: 'polls', only: /^poll / },
  { name: 'polls: ttl, tombstones, everything a flag can have', only: /^(more (\/sdk\/|not modified)|odd poll)/ },
  { name: 'conditional polls', only: /^etag (?!evalx)/ },
  { name: 'credentials of polls', only: /^auth (?!ignored on browser)/ },
  { name: 'payload filters of polls', only: /^filter ((?!browser |mobile|mping|ping|preflight|goals|unknown environment|all|flags).*)$/ },
  { name: 'request targets of polls', only: /^target (OPTIONS \*|body on GET|\/(%73dk|sdk\/(flags|\.|x|\/|segments)|SDK|favicon|health|sdk\/latest)|http:).*$/ },
  { name: 'request targets of nothing', only: /^(env \/a\/\.gif|target \/(sdk\/(stream|poll)|a\/[^.]*|eval\/[^/]*\/|meval\/))$/ },
  { name: 'request targets of evaluation', only: /^target ((REPORT|OPTIONS) )?\/sdk\/evalx/ },
  { name: 'evaluation for browsers, phones and servers', only: /^evalx / },
  { name: 'evaluation by REPORT', only: /^report (?!old )/ },
  { name: 'paths of older relays', only: /^((eval|report old) |(OPTIONS|DELETE) \/sdk\/eval\/)/ },
  { name: 'contexts that are none', only: /^bad (js|users|mobile) / },
  { name: 'base64 of contexts', only: /^context (?!stream )/ },
  { name: 'query strings', only: /^query / },
  { name: 'secure mode', only: /^(secure( report)? (\?.*)?|secure mode (?!ping|preflight|report).*)$/ },
  { name: 'bodies', only: /^(body |\s*\{)/ },
  { name: 'evaluation of everything a flag can have', only: /^(more (evalx|browser|mobile)|odd evalx|etag evalx|auth ignored)/ },
  { name: 'CORS of evaluation', only: /^(origin |(OPTIONS|DELETE) \/sdk\/evalx|cors (error|preflight \/sdk\/evalx)|env \/sdk\/evalx)/ },
  { name: 'credentials and filters of evaluation', only: /^(key \S+ \/msdk|filter (browser|mobile))/ },
  { name: 'ping streams', only: /^(stream |bad (stream|meval) |context stream |secure (stream .*|mode (ping|preflight|report.*))$|env \/(ping|eval))/ },
  { name: 'credentials and filters of ping streams', only: /^(key \S+ \/(mping|meval)|filter (mping|ping)$)/ },
  { name: 'CORS of ping streams', only: /^(cors ((open |mobile )?stream|preflight \/eval)|(OPTIONS|DELETE) \/(eval|ping))/ },
  { name: 'methods of the other routes', only: /^method \S+ (?!.*(\/a\/|bulk|\/(all|status|nope)$))/ },
  { name: 'goals', only: /^(goals|(cors|filter) .*goals.*|env \/sdk\/goals.*|(OPTIONS|DELETE) \/sdk\/goals.*|cors (unknown|empty|two) .*|filter (goals|preflight|unknown environment)|forwarded goals requests)$/ },
  { name: 'connections upstream', only: /^forwarded upstream streams$/ },
  { name: 'updates', only: /^(odd )?updates/ },
];

// What this version does not answer yet: events.
export const later = /^(event|forwarded |gif|(env|target( POST)?|method \S+|OPTIONS|DELETE|cors preflight) \/+(events|a|mobile|bulk)\b)/;
