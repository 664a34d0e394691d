-- pause: leave a site alone until an operator resumes it. Whoever holds the lease settles what is on its way, and stops.
--
-- KEYS  1 delivery
-- ARGV  1 why
-- Returns  the state it was in
local state = redis.call('HGET', KEYS[1], 'state') or 'up'
if state ~= 'paused' then
  local time = redis.call('TIME')
  local now = string.format('%d%03d', time[1], math.floor(time[2] / 1000))
  redis.call('HSET', KEYS[1], 'state', 'paused', 'last_error', ARGV[1], 'last_error_ms', now)
  redis.call('HSETNX', KEYS[1], 'parked_since_ms', now)
  redis.call('HDEL', KEYS[1], 'next_attempt_ms')
end
return state
