-- keep_change: write or erase the record of a change, if it is still its own.
--
-- KEYS  1 changes
-- ARGV  1 page  2 token  3 new record ('' = erase)
-- Returns  1 if the record was its own, else 0
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old or string.match(old, '^%d+ (%S+)') ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
