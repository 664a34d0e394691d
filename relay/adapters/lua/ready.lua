-- ready: a site says that it takes events now. Its backoff is forgotten; what to do next is the caller's.
--
-- An attempt that is under way may have begun before the site was up. The field `ready` names its lease, so that
-- `park.lua` tries again instead of parking; the mark of a lease that is gone means nothing to anybody.
-- One failure stays counted: it keeps the first batch small, and the next wait is the ladder's second step.
--
-- KEYS  1 outbox  2 lease  3 delivery
-- Returns  { state, events that wait, 1 if somebody drains it now else 0 }
local state = redis.call('HGET', KEYS[3], 'state') or 'up'
local waiting = redis.call('XLEN', KEYS[1])
local holder = redis.call('GET', KEYS[2])
if state ~= 'paused' then
  -- Removes first: a Redis out of memory refuses a script whose first write adds.
  redis.call('HDEL', KEYS[3], 'next_attempt_ms')
  if holder then
    redis.call('HSET', KEYS[3], 'ready', holder)
  end
  if state == 'parked' and waiting == 0 then
    state = 'up'
    redis.call('HSET', KEYS[3], 'state', 'up', 'failures', 0)
    redis.call('HDEL', KEYS[3], 'parked_since_ms')
  elseif state == 'parked' then
    redis.call('HSET', KEYS[3], 'failures', 1)
  end
end
return { state, waiting, holder and 1 or 0 }
