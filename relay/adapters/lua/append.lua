-- append: put events into one outbox, and take its lease if the site is up and nobody holds it.
--
-- A page in the fenced set belongs elsewhere by now (or is just being moved here): its events are refused, and the
-- caller looks the binding up again. So a binding may be cached for ever and is never wrong for longer than one round
-- trip.
--
-- A lease that is held under our own token is ours: the answer of our first try was lost on its way.
--
-- An outbox that is nearly full keeps no new receipts; one that is full loses its oldest events (`core.limits`). Callers
-- look for receipts only after this script told them that the outbox is nearly full. Until then limits cost one call,
-- the count of bytes: no event is empty, so what has few bytes cannot have many events.
--
-- KEYS  1 outbox  2 lease  3 delivery  4 fenced  5 losses
-- ARGV  1 token, another one for each call ('' = never take the lease)  2 lease TTL in ms ('' = never take the lease)
--       3 most events  4 most bytes  5 which events are receipts: '1' or '0' for each, '' = not looked at
--       then for each event: page, kind, item
-- Returns  { flags, index of each refused event, counted from 1 }, flags being the sum of
--   1  the lease was taken
--   2  the outbox is nearly full: look for receipts from now on
--   4  something was lost: between the flags and the indices stand how many receipts, events by overflow_events and
--      events by overflow_bytes
local FIRST, RECEIPT = 6, 49 -- 49 is '1'
local token, max_events, max_bytes, marks = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local many_events, many_bytes = max_events * 0.8, max_bytes * 0.8
local events, bytes = 0, 0 -- in the outbox, where it matters
if marks ~= '' then
  events, bytes = redis.call('XLEN', KEYS[1]), tonumber(redis.call('HGET', KEYS[3], 'waiting_bytes') or 0)
end

local any_fenced = redis.call('EXISTS', KEYS[4]) == 1
local refused, added, size, receipts = {}, 0, 0, 0
for i = FIRST, #ARGV, 3 do
  local number = (i - FIRST) / 3 + 1
  if any_fenced and redis.call('SISMEMBER', KEYS[4], ARGV[i]) == 1 then
    refused[#refused + 1] = number
  elseif marks ~= '' and string.byte(marks, number) == RECEIPT
    and (events + added >= many_events or bytes + size >= many_bytes) then
    receipts = receipts + 1
  else
    redis.call('XADD', KEYS[1], '*', 'p', ARGV[i], 'k', ARGV[i + 1], 'd', ARGV[i + 2])
    added, size = added + 1, size + #ARGV[i + 2]
  end
end

local flags, by_events, by_bytes = receipts > 0 and 2 or 0, 0, 0
if added > 0 then
  bytes = redis.call('HINCRBY', KEYS[3], 'waiting_bytes', size)
  if bytes >= many_events or bytes >= many_bytes then
    local part = limits()
    events, bytes = part.after_adding(KEYS[1], KEYS[3], 'waiting_bytes', added, size, bytes)
    flags = (events >= many_events or bytes >= many_bytes) and 2 or flags
    if events > max_events or bytes > max_bytes then
      by_events, by_bytes = part.trim({
        stream = KEYS[1], delivery = KEYS[3], losses = KEYS[5], part = 'waiting', older_than_ms = 0,
        max_events = max_events, max_bytes = max_bytes, at_once = part.TRIM_AT_ONCE + added,
        flight = part.in_flight(KEYS[2], KEYS[3]),
      })
    end
  end
  if token ~= '' and ARGV[2] ~= '' then
    local state = redis.call('HGET', KEYS[3], 'state')
    if not state or state == 'up' then
      if redis.call('SET', KEYS[2], token, 'NX', 'PX', ARGV[2]) or redis.call('GET', KEYS[2]) == token then
        flags = flags + 1
      end
    end
  end
end

-- A client whose answer was lost calls again with the same token. That may put events into the outbox twice, which the
-- site makes harmless; a count that is wrong would stay so.
if receipts > 0 and (token == '' or redis.call('HGET', KEYS[5], 'receipts:by') ~= token) then
  limits().count_loss(KEYS[5], 'receipts', receipts)
  redis.call('HSET', KEYS[5], 'receipts:by', token)
end

local answer = { flags }
if receipts + by_events + by_bytes > 0 then
  answer = { flags + 4, receipts, by_events, by_bytes }
end
for _, number in ipairs(refused) do
  answer[#answer + 1] = number
end
return answer
