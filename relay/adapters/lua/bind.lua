-- bind: write who owns a page, unless somebody does.
--
-- KEYS  1 bindings
-- ARGV  1 page  2 site
-- Returns  the site that owns it now
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])
