-- forget_connection: erase a connected page's record, unless the page was connected anew or handed over since it was read.
--
-- KEYS  1 pages
-- ARGV  1 page  2 its site  3 ms when it was connected
-- Returns  1 if nothing is kept of the page now, 0 if another connection is
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then
  return 1
end
local kept = cjson.decode(record)
if kept.site ~= ARGV[2] or kept.connected_at_ms ~= tonumber(ARGV[3]) then
  return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
