-- put: add events that waited elsewhere, behind what is there; they keep the time at which they were accepted.
--
-- No page is refused and no lease is taken: this is how a bind fills an outbox that is fenced meanwhile. It is a step of
-- a change, and refused to one that was overtaken (gate.lua).
--
-- KEYS  1 outbox  2 lease  3 delivery  4 losses  5 gates
-- ARGV  1 page that is moved  2 number of the change  3 most events  4 most bytes
--       then for each event: page, kind, item, ms of its arrival
-- Returns  nil when the change was overtaken, or { lost by overflow_events, by overflow_bytes }
if not passes(KEYS[5], ARGV[1], ARGV[2]) then
  return nil
end
local max_events, max_bytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local added, size = 0, 0
for i = 5, #ARGV, 4 do
  redis.call('XADD', KEYS[1], '*', 'p', ARGV[i], 'k', ARGV[i + 1], 'd', ARGV[i + 2], 't', ARGV[i + 3])
  added, size = added + 1, size + #ARGV[i + 2]
end

local part = limits()
local counted = redis.call('HINCRBY', KEYS[3], 'waiting_bytes', size)
local events, bytes = part.after_adding(KEYS[1], KEYS[3], 'waiting_bytes', added, size, counted)
if events <= max_events and bytes <= max_bytes then
  return { 0, 0 }
end
local by_events, by_bytes = part.trim({
  stream = KEYS[1], delivery = KEYS[3], losses = KEYS[4], part = 'waiting', older_than_ms = 0,
  max_events = max_events, max_bytes = max_bytes, at_once = part.TRIM_AT_ONCE + added,
  flight = part.in_flight(KEYS[2], KEYS[3]),
})
return { by_events, by_bytes }
