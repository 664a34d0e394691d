-- fence: have an outbox refuse a page's events, or take them; a step of a change, refused to one that was overtaken.
--
-- To leave a page's events to its old site means to fence it, and to note up to which id they stay, also when the page
-- comes back and moves on from here (take_out.lua): what came later may have gone elsewhere meanwhile.
--
-- KEYS  1 fenced  2 gates  3 outbox
-- ARGV  1 page  2 number of the change  3 'fence' | 'leave' | 'open'
-- Returns  1, or 0 when the change was overtaken
if not passes(KEYS[2], ARGV[1], ARGV[2]) then
  return 0
end
if ARGV[3] == 'leave' then
  local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  if newest then
    redis.call('HSET', KEYS[2], ARGV[1] .. ':left', newest[1])
  else
    redis.call('HDEL', KEYS[2], ARGV[1] .. ':left')
  end
end
redis.call(ARGV[3] == 'open' and 'SREM' or 'SADD', KEYS[1], ARGV[1])
return 1
