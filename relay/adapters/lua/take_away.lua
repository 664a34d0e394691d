-- take_away: delete events that were moved elsewhere; a step of a change, refused to one that was overtaken.
--
-- They are named one by one, so that nothing goes that came meanwhile; what is gone already is no harm.
--
-- KEYS  1 outbox  2 delivery  3 gates
-- ARGV  1 page  2 number of the change  then the id of each event
-- Returns  1, or 0 when the change was overtaken
if not passes(KEYS[3], ARGV[1], ARGV[2]) then
  return 0
end
local ids, bytes = {}, 0
for i = 3, #ARGV do
  local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if entry then
    ids[#ids + 1], bytes = ARGV[i], bytes + #entry[2][6]
  end
end
local part = limits()
part.delete(KEYS[1], ids)
part.bytes_left(KEYS[2], 'waiting_bytes', bytes)
return 1
