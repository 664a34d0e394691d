-- put: add a page's events that waited elsewhere, behind what is there; they keep the time at which they were accepted.
-- Or add what the relay itself tells a site of the page.
--
-- No page is refused and no lease is taken: this is how a bind fills an outbox that is fenced meanwhile. It is a step of
-- a change, and refused to one that was overtaken (gate.lua).
--
-- Whoever moves events copies them here before they are deleted there, and may die in between, or lose an answer. So it is
-- noted with the gates which were the first and the last of them; when the same ones come first again, what is here already
-- is not added twice. (An id alone says less: after a failover a stream may give lower ones.)
--
-- KEYS  1 outbox  2 lease  3 delivery  4 losses  5 gates
-- ARGV  1 page  2 number of the change  3 most events  4 most bytes  5 the outbox where they waited ('' = nowhere)
--       then for each event: kind, item, ms of its arrival ('' = now), its id there
-- Returns  nil when the change was overtaken, or { lost by overflow_events, by overflow_bytes }
local FIRST, STEP = 6, 4
local page = ARGV[1]
if not passes(KEYS[5], page, ARGV[2]) then
  return nil
end

local function next_of_the_same()
  local noted = redis.call('HGET', KEYS[5], page .. ':put')
  local begin = ARGV[5] .. ' ' .. ARGV[FIRST + 3] .. ' '
  if noted and string.sub(noted, 1, #begin) == begin then
    for i = FIRST, #ARGV, STEP do
      if begin .. ARGV[i + 3] == noted then
        return i + STEP
      end
    end
  end
  return FIRST
end

local max_events, max_bytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local added, size = 0, 0
for i = ARGV[5] == '' and FIRST or next_of_the_same(), #ARGV, STEP do
  local event = { 'p', page, 'k', ARGV[i], 'd', ARGV[i + 1] }
  if ARGV[i + 2] ~= '' then
    event[7], event[8] = 't', ARGV[i + 2]
  end
  redis.call('XADD', KEYS[1], '*', unpack(event))
  added, size = added + 1, size + #ARGV[i + 1]
end
if added == 0 then
  return { 0, 0 }
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[5], page .. ':put', ARGV[5] .. ' ' .. ARGV[FIRST + 3] .. ' ' .. ARGV[#ARGV])
end

local part = limits()
local counted = redis.call('HINCRBY', KEYS[3], 'waiting_bytes', size)
local events, bytes = part.after_adding(KEYS[1], KEYS[3], 'waiting_bytes', added, size, counted)
if events <= max_events and bytes <= max_bytes then
  return { 0, 0 }
end
local by_events, by_bytes = part.trim({
  stream = KEYS[1], delivery = KEYS[3], losses = KEYS[4], part = 'waiting', older_than_ms = 0,
  max_events = max_events, max_bytes = max_bytes, at_once = part.TRIM_AT_ONCE + added,
  flight = part.in_flight(KEYS[2], KEYS[3]),
})
return { by_events, by_bytes }
