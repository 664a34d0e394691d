-- keep_change: renew or erase the record of a change, if it is still its own.
--
-- KEYS  1 changes
-- ARGV  1 page  2 token  3 'renew' | 'end'
-- Returns  1 if the record was its own, else 0
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old or string.match(old, '^%d+ (%S+)') ~= ARGV[2] then
  return 0
end
if ARGV[3] == 'end' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  local time = redis.call('TIME')
  local now = string.format('%d%03d', time[1], math.floor(time[2] / 1000))
  redis.call('HSET', KEYS[1], ARGV[1], now .. string.match(old, '^%d+( .*)$'))
end
return 1
