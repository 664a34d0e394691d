-- erase_outbox: drop all that an outbox holds, and what is known of it. Its fences and gates stay (`core.keys`).
--
-- A drain under way loses its lease with the rest: what it settles then is stale, and changes nothing.
--
-- KEYS  1 outbox  2 lease  3 delivery  4 dead  5 losses
-- Returns  { events that waited, dead letters }
local held = { redis.call('XLEN', KEYS[1]), redis.call('XLEN', KEYS[4]) }
redis.call('UNLINK', unpack(KEYS))
return held
