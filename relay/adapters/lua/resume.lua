-- resume: have a paused or parked site tried again now, also when the attempt that is about to park it is under way.
--
-- KEYS  1 delivery  2 lease
-- Returns  the state it was in
local state = redis.call('HGET', KEYS[1], 'state') or 'up'
local holder = redis.call('GET', KEYS[2])
redis.call('HDEL', KEYS[1], 'parked_since_ms', 'next_attempt_ms')
if state ~= 'up' then
  redis.call('HSET', KEYS[1], 'state', 'up', 'failures', 0)
end
if state == 'paused' then
  redis.call('HDEL', KEYS[1], 'last_error', 'last_error_ms') -- it said why the site was paused, which is over
end
if holder then
  redis.call('HSET', KEYS[1], 'ready', holder) -- `park.lua` looks at it
end
return state
