-- settle: the holder of the lease hands in what was acknowledged and gets the next batch.
--
-- Only the holder may: a drain that was thought dead and comes back changes nothing. What is acknowledged is always the
-- head of the outbox, up to and including one id, as batches are cut from the head and never overtake each other.
--
-- KEYS  1 outbox  2 lease  3 delivery  4 dead
-- ARGV  1 token  2 mode: 'next' | 'extend' | 'release'  3 lease TTL in ms  4 now in ms
--       5 keep from: the lowest id that stays ('' = nothing is acknowledged)  6 how many of these were delivered
--       7 most events of the next batch  8 most bytes of it  then for each rejected event: id, reason
-- Returns  { status } or { 'batch', failures in a row, entries }; status is one of
--   'stale'   the lease is not ours (any more): stop, change nothing
--   'held'    extended
--   'idle'    nothing waits, lease released
--   'paused'  the site is paused, lease released
--   'released'
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return { 'stale' }
end

if ARGV[5] ~= '' then
  local dead = {}
  for i = 9, #ARGV, 2 do
    local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
    if entry then
      local fields = entry[2]
      fields[#fields + 1] = 'id'
      fields[#fields + 1] = ARGV[i]
      fields[#fields + 1] = 'why'
      fields[#fields + 1] = ARGV[i + 1]
      dead[#dead + 1] = fields
    end
  end
  -- Trimmed first: a Redis out of memory refuses a script whose first write adds, and then nothing would ever leave.
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[5])
  for _, fields in ipairs(dead) do
    redis.call('XADD', KEYS[4], '*', unpack(fields))
  end
  redis.call('HINCRBY', KEYS[3], 'delivered', ARGV[6])
  redis.call('HSET', KEYS[3], 'last_success_ms', ARGV[4])
  if redis.call('HGET', KEYS[3], 'state') == 'parked' then
    redis.call('HSET', KEYS[3], 'state', 'up', 'failures', 0)
    redis.call('HDEL', KEYS[3], 'next_attempt_ms', 'parked_since_ms')
  end
end

if ARGV[2] == 'extend' then
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  return { 'held' }
end
if ARGV[2] == 'release' then
  redis.call('DEL', KEYS[2])
  return { 'released' }
end
if redis.call('HGET', KEYS[3], 'state') == 'paused' then
  redis.call('DEL', KEYS[2])
  return { 'paused' }
end

local entries = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[7])
if #entries == 0 then
  redis.call('DEL', KEYS[2])
  return { 'idle' }
end
local bytes = 0
local batch = {}
for i, entry in ipairs(entries) do
  bytes = bytes + #entry[2][6]
  if i > 1 and bytes > tonumber(ARGV[8]) then
    break
  end
  batch[i] = entry
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return { 'batch', tonumber(redis.call('HGET', KEYS[3], 'failures') or 0), batch }
