-- let_go: delete the head of the list of a page's events that left, once it is at the page's new site. A step of a
-- change, refused to one that was overtaken (gate.lua).
--
-- Called again, as its answer was lost, it deletes nothing: the list is shorter by then.
--
-- KEYS  1 list  2 gates
-- ARGV  1 page  2 number of the change  3 how long the list was  4 how much of it goes
-- Returns  1, or 0 when the change was overtaken
if not passes(KEYS[2], ARGV[1], ARGV[2]) then
  return 0
end
if redis.call('LLEN', KEYS[1]) == tonumber(ARGV[3]) then
  redis.call('LTRIM', KEYS[1], ARGV[4], -1)
end
return 1
