-- claim: take a free lease, also when Redis is out of memory: only draining makes room again.
--
-- Redis refuses a script whose first write may need memory, but not one that has written already; so the first write here
-- removes a field that is never there (https://redis.io/docs/latest/develop/interact/programmability/eval-intro/).
--
-- A lease that is held under our own token is ours: the answer of our first try was lost on its way.
--
-- KEYS  1 lease  2 delivery
-- ARGV  1 token  2 lease TTL in ms  3 not while a parked site's next attempt is further ahead than this ms ('' = always)
-- Returns  1 if the lease is ours now, else 0
if ARGV[3] ~= '' and redis.call('HGET', KEYS[2], 'state') == 'parked' then
  local next_attempt = redis.call('HGET', KEYS[2], 'next_attempt_ms')
  local time = redis.call('TIME')
  if next_attempt and next_attempt - time[1] * 1000 - time[2] / 1000 > tonumber(ARGV[3]) then
    return 0
  end
end
redis.call('HDEL', KEYS[2], '')
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) or redis.call('GET', KEYS[1]) == ARGV[1] then
  return 1
end
return 0
