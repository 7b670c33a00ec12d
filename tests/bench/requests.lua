-- What wrk asks for, and what it found; loaded by requests.mjs.
--
--   wrk ... -s requests.lua URL -- PREFIX COUNT
--
-- With arguments no two of COUNT requests one after the other are the same: each asks for PREFIX and another context as base64url. They are made
-- before the clock starts, because the time of this tool must not be taken for that of the server. Without arguments it asks for the URL.
local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

local function base64url(text)
  local digits = {}
  for at = 1, #text, 3 do
    local a, b, c = text:byte(at, at + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for place = 0, c and 3 or b and 2 or 1 do
      local digit = math.floor(bits / 64 ^ (3 - place)) % 64
      digits[#digits + 1] = alphabet:sub(digit + 1, digit + 1)
    end
  end
  return table.concat(digits)
end

local countries = { 'de', 'fr', 'it', 'us', 'jp', 'br', 'in' }

local function context(i)
  return string.format('{"kind":"user","key":"user-%d","name":"User %d","email":"user-%d@%s.example","country":"%s","age":%d}',
    i, i, i, i % 10 == 0 and 'corp' or 'example-' .. i % 1000, countries[i % #countries + 1], 18 + i % 70)
end

function init(args)
  if #args == 0 then return end
  local requests, count, last = {}, tonumber(args[2]), 0
  for i = 1, count do requests[i] = wrk.format('GET', args[1] .. base64url(context(i))) end
  request = function()
    last = last % count + 1
    return requests[last]
  end
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('requests %d\nduration_us %d\nbytes %d\nerrors %d\n', summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
