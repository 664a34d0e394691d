-- resume: have a paused or parked site tried again now.
--
-- KEYS  1 delivery
-- Returns  the state it was in
local state = redis.call('HGET', KEYS[1], 'state') or 'up'
redis.call('HDEL', KEYS[1], 'parked_since_ms', 'next_attempt_ms')
if state ~= 'up' then
  redis.call('HSET', KEYS[1], 'state', 'up', 'failures', 0)
end
return state
