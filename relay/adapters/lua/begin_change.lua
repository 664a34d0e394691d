-- begin_change: record a change of a page's binding, unless another one is under way and alive.
--
-- KEYS  1 changes
-- ARGV  1 page  2 record (its first word is a time in ms)  3 now in ms  4 stale after ms
-- Returns  the record that is in the way, or nil when ours is written
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old and tonumber(ARGV[3]) - tonumber(string.match(old, '^%d+')) <= tonumber(ARGV[4]) then
  return old
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return nil
