-- What wrk posts, and what it found; loaded by events.mjs.
--
--   wrk ... -s posts.lua URL -- EVENTS [FILE...]
--
-- Each post is an array of EVENTS events, no two of BODIES posts one after the other the same; or the bytes of one of the files. They are made before
-- the clock starts, because the time of this tool must not be taken for that of the server.
local BODIES = 500

local function hex(digits)
  local text = {}
  for i = 1, digits do text[i] = string.format('%x', math.random(0, 15)) end
  return table.concat(text)
end

local function event()
  return string.format('{"kind":"custom","creationDate":%d,"key":"bought-%d","contextKeys":{"user":"%s"},"data":{"item":"%s","price":%d.5,"currency":"EUR"},"metricValue":%d}',
    1700000000000 + math.random(0, 1000000), math.random(1, 50), hex(16), hex(8), math.random(1, 999), math.random(1, 1000))
end

local function body(events)
  local list = {}
  for i = 1, events do list[i] = event() end
  return '[' .. table.concat(list, ',') .. ']'
end

local function read(file)
  local handle = assert(io.open(file, 'rb'))
  local bytes = handle:read('*a')
  handle:close()
  return bytes
end

function init(args)
  math.randomseed(1)
  local requests, last = {}, 0
  for i = 1, #args > 1 and #args - 1 or BODIES do
    requests[i] = wrk.format('POST', nil, nil, #args > 1 and read(args[i + 1]) or body(tonumber(args[1])))
  end
  request = function()
    last = last % #requests + 1
    return requests[last]
  end
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('requests %d\nduration_us %d\nbytes %d\nerrors %d\n', summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
