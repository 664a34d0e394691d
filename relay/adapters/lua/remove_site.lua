-- remove_site: erase a site's record, and note since when its name rests.
--
-- KEYS  1 sites  2 removed sites
-- ARGV  1 site
-- Returns  nothing
local time = redis.call('TIME')
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then
  redis.call('ZADD', KEYS[2], string.format('%d%03d', time[1], math.floor(time[2] / 1000)), ARGV[1])
end
