-- append: put events into one outbox, and take its lease if the site is up and nobody holds it.
--
-- A page in the fenced set belongs elsewhere by now (or is just being moved here): its events are refused, and the caller
-- looks the binding up again. So a binding may be cached for ever and is never wrong for longer than one round trip.
--
-- A lease that is held under our own token is ours: the answer of our first try was lost on its way.
--
-- KEYS  1 outbox  2 lease  3 delivery  4 fenced
-- ARGV  1 token ('' = never take the lease)  2 lease TTL in ms  then for each event: page, kind, item
-- Returns  { 1 if the lease was taken else 0, index of each refused event, counted from 1 }
local refused = {}
local any_fenced = redis.call('EXISTS', KEYS[4]) == 1
for i = 3, #ARGV, 3 do
  if any_fenced and redis.call('SISMEMBER', KEYS[4], ARGV[i]) == 1 then
    refused[#refused + 1] = (i - 3) / 3 + 1
  else
    redis.call('XADD', KEYS[1], '*', 'p', ARGV[i], 'k', ARGV[i + 1], 'd', ARGV[i + 2])
  end
end

local leased = 0
if ARGV[1] ~= '' and #refused < (#ARGV - 2) / 3 then
  local state = redis.call('HGET', KEYS[3], 'state')
  if not state or state == 'up' then
    if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) or redis.call('GET', KEYS[2]) == ARGV[1] then
      leased = 1
    end
  end
end

table.insert(refused, 1, leased)
return refused
