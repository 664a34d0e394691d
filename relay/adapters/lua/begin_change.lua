-- begin_change: record a change of a page's binding; or take over, as it is, one that nobody works on any more.
--
-- Two clocks may differ, so only that of Redis counts. The number of a change is greater than every number before it;
-- it follows the clock, so that it stays so when Redis lost its last writes.
-- A record under our own token is ours: the answer of our first try was lost on its way.
--
-- KEYS  1 changes  2 number of the last change
-- ARGV  1 page  2 token  3 kind ('' = only take over)  4 site, or 'old>new'  5 stale after ms
-- Returns  nil when there is nothing to take over, or { 'new' | 'taken' | 'other', the record that stands now }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function record(kind, site)
  local number = math.max(tonumber(redis.call('GET', KEYS[2]) or 0) + 1, time[1] * 1000000 + time[2])
  local written = string.format('%.0f %s %s %s %.0f', now, ARGV[2], kind, site, number)
  redis.call('SET', KEYS[2], string.format('%.0f', number))
  redis.call('HSET', KEYS[1], ARGV[1], written)
  return written
end

local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old then
  return ARGV[3] ~= '' and { 'new', record(ARGV[3], ARGV[4]) } or nil
end
local renewed, token, kind, site = string.match(old, '^(%d+) (%S+) (%a+) (%S*)')
if token == ARGV[2] then
  return { kind == ARGV[3] and site == ARGV[4] and 'new' or 'taken', old }
end
if math.abs(now - renewed) <= tonumber(ARGV[5]) then
  return { 'other', old }
end
return { 'taken', record(kind, site) }
