-- replace_session: write a session in place of the very one that was read, or not at all.
--
-- KEYS  1 session
-- ARGV  1 what was read  2 what to write  3 its time to live in ms
-- Returns  1, or 0 when something else stands there, or nothing any more
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
