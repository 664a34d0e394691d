-- pulse: note that events can be taken now; where none could for too long before, keep from when to when.
--
-- Both in one step: a process that died between them would forget the outage.
--
-- KEYS  1 pulse  2 outages
-- ARGV  1 how long is too long, in ms  2 most outages kept
-- Returns  how long nothing could be taken, in ms; 0 when that was not too long, or nobody knows
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('GET', KEYS[1])
local away = 0
if last and now - last > tonumber(ARGV[1]) then
  away = now - last
  redis.call('ZADD', KEYS[2], now, string.format('%d-%d', last, now))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[2])
end
redis.call('SET', KEYS[1], string.format('%d', now))
return away
