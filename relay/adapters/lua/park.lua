-- park: the holder of the lease gives it back and says why; the site is left alone until the next attempt.
--
-- Unless the site announced itself while the attempt was under way (`ready.lua` left this lease's token): what failed may
-- have been sent before it was up, so the lease is kept and the site tried once more, rather than left for minutes.
--
-- The next attempt is told by Redis' own clock, as the sweep is, so that no process's clock can be wrong about it.
--
-- KEYS  1 lease  2 delivery
-- ARGV  1 token  2 new state: 'parked' | 'paused'  3 wait in ms  4 reason  5 lease TTL in ms
--       6 event that was refused although it came alone ('' = none)
-- Returns  { status } or { 'parked', failures in a row, next attempt in ms }; status is one of
--   'stale'   the lease is not ours (any more): nothing was changed
--   'held'    the site announced itself, the lease is still ours: try again now
--   'paused'  the site is paused, now or before; the lease was given back
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'stale' }
end
local announced = redis.call('HGET', KEYS[2], 'ready') == ARGV[1]
local paused = redis.call('HGET', KEYS[2], 'state') == 'paused'
redis.call('HDEL', KEYS[2], 'ready')
if announced and ARGV[2] == 'parked' and not paused then
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return { 'held' }
end
redis.call('DEL', KEYS[1])
if paused then
  return { 'paused' }
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[2], 'state', ARGV[2], 'last_error', ARGV[4], 'last_error_ms', now)
redis.call('HSETNX', KEYS[2], 'parked_since_ms', now)
local failures = redis.call('HINCRBY', KEYS[2], 'failures', 1)
if ARGV[6] ~= '' then
  local id, times = unpack(redis.call('HMGET', KEYS[2], 'refused_id', 'refused_times'))
  redis.call('HSET', KEYS[2], 'refused_id', ARGV[6], 'refused_times', id == ARGV[6] and times + 1 or 1)
end
if ARGV[2] == 'paused' then
  redis.call('HDEL', KEYS[2], 'next_attempt_ms')
  return { 'paused' }
end
redis.call('HSET', KEYS[2], 'next_attempt_ms', now + ARGV[3])
return { 'parked', failures, now + ARGV[3] }
