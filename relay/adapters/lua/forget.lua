-- forget: remove from an index an outbox that is seen empty, at the second look: a mark sets its score to 0, and the
-- first look that finds it empty writes when that was. So what is put there behind a mark is never forgotten.
--
-- KEYS  1 index
-- ARGV  1 outbox  2 least time between the two looks in ms
-- Returns  1 if it is forgotten, else 0
local seen = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if seen == 0 then
  redis.call('ZREM', KEYS[1], '') -- the first write needs no memory (see claim.lua)
  redis.call('ZADD', KEYS[1], now, ARGV[1])
elseif seen > 0 and now - seen >= tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
