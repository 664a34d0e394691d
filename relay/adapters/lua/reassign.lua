-- reassign: write a connected page's record anew for its new site, unless somebody else wrote it since it was read. A
-- step of a change, refused to one that was overtaken (gate.lua).
--
-- KEYS  1 pages  2 gates of the pages
-- ARGV  1 page  2 number of the change  3 record as it was read  4 record as it shall be
-- Returns  nil when the change was overtaken, 1 when written, 0 when the record is another by now, or gone
if not passes(KEYS[2], ARGV[1], ARGV[2]) then
  return nil
end
local record = redis.call('HGET', KEYS[1], ARGV[1])
if record ~= ARGV[3] and record ~= ARGV[4] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
return 1
