-- put_back: keep again of a connected page what was kept before, unless somebody else has written since.
--
-- KEYS  1 pages
-- ARGV  1 page  2 record as this caller wrote it  3 record as it was before; empty for none
-- Returns  1 when put back, 0 when the record is another by now
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
