-- settle: the holder of the lease hands in what was acknowledged and gets the next batch.
--
-- Only the holder may: a drain that was thought dead and comes back changes nothing. What is acknowledged is always the
-- head of the outbox, up to and including one id, as batches are cut from the head and never overtake each other. The
-- last id of a batch is noted, so that nothing of it is dropped or counted as lost while it may be delivered.
--
-- A Redis that took over from another one, or came back from its file, may lack its last writes: some of the batch, and
-- then this note as well, as it was written after them. With a clock that is behind it has given ids below the batch's
-- last one to events that nobody was handed. Then, or when the head is not the batch's first event, what goes is named
-- id by id; otherwise the ids need not travel.
--
-- KEYS  1 outbox  2 lease  3 delivery  4 dead
-- ARGV  1 token  2 mode: 'next' | 'extend' | 'release'  3 lease TTL in ms  4 now in ms
--       5 keep from: the lowest id that stays ('' = nothing is acknowledged)  6 how many of these were delivered
--       7 bytes of what is acknowledged  8 most events of the next batch  9 most bytes of it
--       10 first and 11 last id of what is acknowledged  12 how many of these were rejected
--       then for each rejected event: id, reason; then, when asked for, each id that is acknowledged
-- Returns  { status } or { 'batch', failures in a row, entries }; status is one of
--   'which'   nothing was done: call again with each id that is acknowledged
--   'stale'   the lease is not ours (any more): stop, change nothing
--   'held'    extended
--   'idle'    nothing waits, lease released
--   'paused'  the site is paused, lease released
--   'released'
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return { 'stale' }
end

local PAIRS = 13 -- the first of the pairs
local ids = PAIRS + 2 * tonumber(ARGV[12])

local function is_before(id, other)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  local other_ms, other_number = string.match(other, '^(%d+)-(%d+)$')
  ms, other_ms = tonumber(ms), tonumber(other_ms)
  return ms < other_ms or ms == other_ms and tonumber(number) < tonumber(other_number)
end

-- Whether what stands below the lowest id that stays is nothing but what is acknowledged, or is gone already.
local function is_what_was_handed_out(flight_to)
  local oldest = redis.call('XRANGE', KEYS[1], '-', '(' .. ARGV[5], 'COUNT', 1)[1]
  return not oldest or oldest[1] == ARGV[10] and flight_to and not is_before(flight_to, ARGV[11])
end

-- Returns  how many events were taken off, and their bytes
local function take_off_by_id()
  local found, bytes = {}, 0
  for i = ids, #ARGV do
    local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
    if entry then
      found[#found + 1], bytes = ARGV[i], bytes + #entry[2][6]
    end
  end
  limits().delete(KEYS[1], found)
  return #found, bytes
end

local state, failures, counted_bytes, flight_to =
  unpack(redis.call('HMGET', KEYS[3], 'state', 'failures', 'waiting_bytes', 'flight_to'))
if ARGV[5] ~= '' then
  if #ARGV < ids and not is_what_was_handed_out(flight_to) then
    return { 'which' }
  end
  local dead, dead_bytes = {}, 0
  for i = PAIRS, ids - 1, 2 do
    local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
    if entry then
      local fields = entry[2]
      dead_bytes = dead_bytes + #fields[6]
      fields[#fields + 1] = 'id'
      fields[#fields + 1] = ARGV[i]
      fields[#fields + 1] = 'why'
      fields[#fields + 1] = ARGV[i + 1]
      dead[#dead + 1] = fields
    end
  end
  -- Trimmed first: a Redis out of memory refuses a script whose first write adds, and then nothing would ever leave.
  local taken, bytes = 0, ARGV[7]
  if #ARGV < ids then
    taken = redis.call('XTRIM', KEYS[1], 'MINID', ARGV[5])
  else
    taken, bytes = take_off_by_id()
  end
  for _, fields in ipairs(dead) do
    redis.call('XADD', KEYS[4], '*', unpack(fields))
  end
  if #dead > 0 then
    local counted = redis.call('HINCRBY', KEYS[3], 'dead_bytes', dead_bytes)
    limits().after_adding(KEYS[4], KEYS[3], 'dead_bytes', #dead, dead_bytes, counted)
  end
  if taken > 0 then -- not when a client whose answer was lost hands in the same again
    redis.call('HINCRBY', KEYS[3], 'delivered', ARGV[6])
    counted_bytes = redis.call('HINCRBY', KEYS[3], 'waiting_bytes', 0 - bytes)
  end
  redis.call('HSET', KEYS[3], 'last_success_ms', ARGV[4])
  if state == 'parked' then
    redis.call('HSET', KEYS[3], 'state', 'up', 'failures', 0)
    redis.call('HDEL', KEYS[3], 'next_attempt_ms', 'parked_since_ms')
    failures = 0
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
if state == 'paused' then
  redis.call('DEL', KEYS[2])
  return { 'paused' }
end

local entries = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[8])
local bytes, batch = 0, {}
for i, entry in ipairs(entries) do
  local size = #entry[2][6]
  if i > 1 and bytes + size > tonumber(ARGV[9]) then
    break
  end
  bytes = bytes + size
  batch[i] = entry
end
if #batch == 0 then
  redis.call('DEL', KEYS[2])
else
  redis.call('PEXPIRE', KEYS[2], ARGV[3]) -- needs no memory, and so lets the next write through where there is none
  redis.call('HSET', KEYS[3], 'flight_to', batch[#batch][1])
end
if #batch == #entries and #batch < tonumber(ARGV[8]) and tonumber(counted_bytes or 0) ~= bytes then
  redis.call('HSET', KEYS[3], 'waiting_bytes', bytes) -- the batch is all there is, so this is the truth
end
if #batch == 0 then
  return { 'idle' }
end
return { 'batch', tonumber(failures or 0), batch }
