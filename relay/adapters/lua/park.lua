-- park: the holder of the lease gives it back and says why; the site is left alone until the next attempt.
--
-- Unless the site announced itself while the attempt was under way (`ready.lua` left this lease's token): what failed may
-- have been sent before it was up, so the lease is kept and the site tried once more, rather than left for minutes.
--
-- KEYS  1 lease  2 delivery
-- ARGV  1 token  2 new state: 'parked' | 'paused'  3 now in ms  4 next attempt in ms ('' when paused)  5 reason
--       6 lease TTL in ms
-- Returns  failures in a row; 0 when the lease is not ours (any more) and nothing was changed; -1 try again now
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local announced = redis.call('HGET', KEYS[2], 'ready') == ARGV[1]
local paused = redis.call('HGET', KEYS[2], 'state') == 'paused'
redis.call('HDEL', KEYS[2], 'ready')
if announced and ARGV[2] == 'parked' and not paused then
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return -1
end
redis.call('DEL', KEYS[1])
if paused then
  return 0
end
redis.call('HSET', KEYS[2], 'state', ARGV[2], 'last_error', ARGV[5], 'last_error_ms', ARGV[3])
redis.call('HSETNX', KEYS[2], 'parked_since_ms', ARGV[3])
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[2], 'next_attempt_ms')
else
  redis.call('HSET', KEYS[2], 'next_attempt_ms', ARGV[4])
end
return redis.call('HINCRBY', KEYS[2], 'failures', 1)
