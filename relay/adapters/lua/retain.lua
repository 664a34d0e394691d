-- retain: hold one stream of an outbox to its limits.
--
-- KEYS  1 outbox, or dead  2 lease  3 delivery  4 losses
-- ARGV  1 part: 'waiting' | 'dead'  2 most events  3 most bytes  4 greatest age in ms
-- Returns  { 1 if it has to be called again else 0, lost by overflow_events, by overflow_bytes, by age }
local part = limits()
-- Ages are told by the clock that made the ids, Redis' own: another machine's may be wrong by more than a limit.
local now = redis.call('TIME')
local by_events, by_bytes, by_age, more = part.trim({
  stream = KEYS[1], delivery = KEYS[3], losses = KEYS[4], part = ARGV[1], at_once = part.TRIM_AT_ONCE,
  max_events = tonumber(ARGV[2]), max_bytes = tonumber(ARGV[3]), older_than_ms = now[1] * 1000 - tonumber(ARGV[4]),
  flight = ARGV[1] == 'waiting' and part.in_flight(KEYS[2], KEYS[3]) or nil,
})
return { more and 1 or 0, by_events, by_bytes, by_age }
