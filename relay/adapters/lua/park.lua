-- park: the holder of the lease gives it back and says why; the site is left alone until the next attempt.
--
-- KEYS  1 lease  2 delivery
-- ARGV  1 token  2 new state: 'parked' | 'paused'  3 now in ms  4 next attempt in ms ('' when paused)  5 reason
-- Returns  failures in a row, or 0 when the lease is not ours (any more) and nothing was changed
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
if redis.call('HGET', KEYS[2], 'state') == 'paused' then
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
