-- note_use: remember with which secret a site calls, and since when, by Redis' own clock.
--
-- KEYS  1 secret uses
-- ARGV  1 site  2 mark of the secret's token
-- Returns  nothing
local last = redis.call('HGET', KEYS[1], ARGV[1])
if not last or string.match(last, '^%x+') ~= ARGV[2] then
  local time = redis.call('TIME')
  local now = string.format('%d%03d', time[1], math.floor(time[2] / 1000))
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. now)
end
