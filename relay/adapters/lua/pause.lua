-- pause: leave a site alone until an operator resumes it. What is in flight is settled by whoever holds the lease.
--
-- KEYS  1 delivery
-- ARGV  1 now in ms  2 why
-- Returns  the state it was in
local state = redis.call('HGET', KEYS[1], 'state') or 'up'
if state ~= 'paused' then
  redis.call('HSET', KEYS[1], 'state', 'paused', 'last_error', ARGV[2], 'last_error_ms', ARGV[1])
  redis.call('HSETNX', KEYS[1], 'parked_since_ms', ARGV[1])
  redis.call('HDEL', KEYS[1], 'next_attempt_ms')
end
return state
