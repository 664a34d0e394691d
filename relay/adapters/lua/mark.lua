-- mark: have the sweep look at an outbox at once, also when Redis is out of memory: only draining makes room again.
--
-- The removal makes sure that the first write needs no memory (see claim.lua).
--
-- KEYS  1 backlog, or another index of outboxes
-- ARGV  1 outbox
-- Returns  nothing
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
