-- fence: have an outbox refuse a page's events, or take them; a step of a change, refused to one that was overtaken.
--
-- KEYS  1 fenced  2 gates
-- ARGV  1 page  2 number of the change  3 'fence' | 'open'
-- Returns  1, or 0 when the change was overtaken
if not passes(KEYS[2], ARGV[1], ARGV[2]) then
  return 0
end
redis.call(ARGV[3] == 'fence' and 'SADD' or 'SREM', KEYS[1], ARGV[1])
return 1
