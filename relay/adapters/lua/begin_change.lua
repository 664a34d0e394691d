-- begin_change: record a change of a page's binding, unless another one is under way and alive.
--
-- A record under our own token is ours: the answer of our first try was lost on its way.
--
-- KEYS  1 changes
-- ARGV  1 page  2 record (its first words are a time in ms and a token)  3 now in ms  4 stale after ms
-- Returns  the record that is in the way, or nil when ours is written
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old and string.match(old, '^%d+ (%S+)') ~= string.match(ARGV[2], '^%d+ (%S+)') then
  if tonumber(ARGV[3]) - tonumber(string.match(old, '^%d+')) <= tonumber(ARGV[4]) then
    return old
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return nil
