-- plan_looks: say when each outbox is looked at next, or forget it, unless it was marked anew since it was taken.
--
-- The first write needs no memory (see claim.lua).
--
-- KEYS  1 backlog
-- ARGV  1 the score of those that were taken  then for each outbox: name, next look in ms ('' = forget it)
-- Returns  nothing
redis.call('ZREM', KEYS[1], '')
for i = 2, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and tonumber(score) == tonumber(ARGV[1]) then
    if ARGV[i + 1] == '' then
      redis.call('ZREM', KEYS[1], ARGV[i])
    else
      redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i])
    end
  end
end
