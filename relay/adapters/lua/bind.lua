-- bind: write who owns a page, unless somebody does; or reserve it, which is '~' in front of the site's name.
--
-- A reservation gives way to the binding of its own site, and to nobody else's.
--
-- KEYS  1 bindings
-- ARGV  1 page  2 site  3 '~' = only reserve it, '' = bind it
-- Returns  the site that owns it now, or has reserved it
local owner = redis.call('HGET', KEYS[1], ARGV[1])
if not owner or owner == '~' .. ARGV[2] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ARGV[2])
  return ARGV[2]
end
return (string.gsub(owner, '^~', ''))
