-- bind: look who owns a page; write who does, unless somebody else does; reserve it, which is '~' in front of the site's
-- name; have one site hand it over to another, for which it is reserved then; or erase it. Each is a step of a change,
-- and refused to one that was overtaken (gate.lua).
--
-- A reservation gives way to the binding of its own site, and to nobody else's.
--
-- KEYS  1 bindings  2 gates of the bindings
-- ARGV  1 page  2 number of the change  3 'enter' (look) | 'reserve' | 'hand_over' | 'write' | 'erase'
--       4 site ('' for 'enter')  5 the site that hands it over, for 'hand_over'
-- Returns  nil when the change was overtaken, or the site that owns it now, or has reserved it; '' when there is none
if not passes(KEYS[2], ARGV[1], ARGV[2]) then
  return nil
end
local binding = redis.call('HGET', KEYS[1], ARGV[1])
local owner = binding and string.gsub(binding, '^~', '') or ''
if ARGV[3] == 'erase' and owner == ARGV[4] then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return ''
end
if ARGV[3] == 'reserve' and not binding or ARGV[3] == 'hand_over' and owner == ARGV[5] then
  redis.call('HSET', KEYS[1], ARGV[1], '~' .. ARGV[4])
  return ARGV[4]
end
if ARGV[3] == 'write' and (not binding or binding == '~' .. ARGV[4]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
  return ARGV[4]
end
return owner
