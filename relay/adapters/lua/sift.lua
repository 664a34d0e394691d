-- sift: go through a bounded stretch of an outbox's waiting events, or of its dead letters, and do one thing with those
-- that were chosen.
--
-- What a drain has in flight under a lease that is held may be delivered: it is told, not touched. An event that moves
-- (a dead letter that is replayed, a waiting event that is set aside) takes a new place at the end, as its old one is
-- gone; when it was accepted goes with it, and that it was a dead letter. Repeated, the script finds only what it has not done yet.
--
-- KEYS  1 the stream to go through  2 the other one: dead for the outbox, the outbox for dead  3 lease  4 delivery
--       5 losses
-- ARGV  1 part: 'waiting' | 'dead'  2 action: 'count' | 'drop' | 'move'  3 first id  4 last id ('+' = the last there is)
--       5 page ('' = each)  6 most events to look at  7 why they are set aside  8 most events, 9 most bytes of the stream that is moved to
-- Returns  { where to go on ('' = the end was reached), last id, looked at, chosen, bytes of these, in flight,
--            1 if 'move' stopped because the other stream is full else 0 }
local limited = limits()
local part, action, page, at_most = ARGV[1], ARGV[2], ARGV[5], tonumber(ARGV[6])
local other_part = part == 'dead' and 'waiting' or 'dead'

-- An id as two numbers, of which the first counts more.
local function numbers(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end

local flight_ms, flight_number = numbers(part == 'waiting' and limited.in_flight(KEYS[3], KEYS[4]) or '0-0')
local function flies(id)
  local ms, number = numbers(id)
  return ms < flight_ms or ms == flight_ms and number <= flight_number
end

local function value_of(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then
      return fields[i + 1]
    end
  end
end

local function at_its_new_place(id, fields)
  if part == 'dead' then
    local accepted_ms = value_of(fields, 't') or string.match(value_of(fields, 'id') or id, '^%d+')
    return { 'p', fields[2], 'k', fields[4], 'd', fields[6], 't', accepted_ms, 'r', '1' }
  end
  for _, value in ipairs({ 'id', id, 'why', ARGV[7] }) do
    fields[#fields + 1] = value
  end
  return fields
end

local room_events, room_bytes
if action == 'move' then
  room_events = tonumber(ARGV[8]) - redis.call('XLEN', KEYS[2])
  room_bytes = tonumber(ARGV[9]) - tonumber(redis.call('HGET', KEYS[4], other_part .. '_bytes') or 0)
end

local last = ARGV[4]
if last == '+' then
  local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  last = newest and newest[1] or '0-1'
end
local entries = redis.call('XRANGE', KEYS[1], ARGV[3], last, 'COUNT', at_most)
local go_on = #entries == at_most and '(' .. entries[#entries][1] or ''
local looked_at, ids, bytes, flying, full, moved = 0, {}, 0, 0, 0, {}
for _, entry in ipairs(entries) do
  local id, fields = entry[1], entry[2]
  if page == '' or fields[2] == page then
    local size = #fields[6]
    if flies(id) then
      flying = flying + 1
    elseif action == 'move' and (#ids + 1 > room_events or bytes + size > room_bytes) then
      full, go_on = 1, id
      break
    else
      ids[#ids + 1], bytes = id, bytes + size
      if action == 'move' then
        moved[#moved + 1] = at_its_new_place(id, fields)
      end
    end
  end
  looked_at = looked_at + 1
end

if action ~= 'count' and #ids > 0 then
  limited.delete(KEYS[1], ids)
  limited.bytes_left(KEYS[4], part .. '_bytes', bytes)
  if action == 'drop' then
    limited.count_loss(KEYS[5], part == 'dead' and 'dead_dropped' or 'dropped', #ids)
  elseif action == 'move' then
    for _, fields in ipairs(moved) do
      redis.call('XADD', KEYS[2], '*', unpack(fields))
    end
    local counted = redis.call('HINCRBY', KEYS[4], other_part .. '_bytes', bytes)
    limited.after_adding(KEYS[2], KEYS[4], other_part .. '_bytes', #moved, bytes, counted)
  end
end
return { go_on, last, looked_at, #ids, bytes, flying, full }
