-- replace_site: write a site's record anew, unless somebody else did so since it was read.
--
-- KEYS  1 sites
-- ARGV  1 site  2 record as it was read  3 record as it shall be
-- Returns  1 when written, 0 when the record is another by now, or gone
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
