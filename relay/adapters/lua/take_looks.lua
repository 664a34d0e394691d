-- take_looks: hand the outboxes whose look is due to one sweeper, unless another process sweeps already.
--
-- What is taken is put ahead by some seconds, so that no other sweeper gets it meanwhile, and that it comes again if this
-- one dies before it says when to look next. The first write takes no memory: a Redis that is full refuses a script that
-- begins otherwise, and only draining makes room again.
--
-- KEYS  1 backlog  2 sweeper: 'rank:token:when it was renewed, in ms'
-- ARGV  1 this process: 'rank:token'  2 rank that gives way ('' = none)  3 TTL of the sweeper's key in ms
--       4 for how long the outboxes are taken, in ms  5 most outboxes
-- Returns  { 'other' } while another process sweeps, or
--          { 'mine', now in ms, the score of those that were taken, name, score before, name, score before … }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holder, rank, renewed
local value = redis.call('GET', KEYS[2])
if value then
  holder, rank, renewed = string.match(value, '^((%a+):%w+):(%d+)$')
end
if holder and holder ~= ARGV[1] and rank ~= ARGV[2] then
  return { 'other' }
end
if holder ~= ARGV[1] or math.abs(now - renewed) * 2 > tonumber(ARGV[3]) then
  redis.call('ZREM', KEYS[1], '')
  redis.call('SET', KEYS[2], ARGV[1] .. ':' .. string.format('%d', now), 'PX', ARGV[3])
end

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[5])
local taken = now + ARGV[4]
if #due > 0 then
  redis.call('ZREM', KEYS[1], '')
end
for i = 1, #due, 2 do
  redis.call('ZADD', KEYS[1], taken, due[i])
end
table.insert(due, 1, taken)
table.insert(due, 1, now)
table.insert(due, 1, 'mine')
return due
