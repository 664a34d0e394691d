-- add_site: keep a new site, unless there is one of its name, or was until just now.
--
-- KEYS  1 sites  2 removed sites
-- ARGV  1 site  2 record  3 for how many ms a name rests after its site was removed
-- Returns  'added', 'exists', or for how many ms the name rests yet
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local removed = redis.call('ZSCORE', KEYS[2], ARGV[1])
if removed and removed + ARGV[3] > now then
  return math.max(1, removed + ARGV[3] - now)
end
-- The first write, as Redis asks for free memory before that one alone: a full Redis must keep no site.
local added = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[3])
return added == 1 and 'added' or 'exists'
