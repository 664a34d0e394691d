-- take_out: take a bounded part of what waits for a page out of the outbox of the site that it leaves, into a list.
--
-- The newest goes first: so what stays is at any moment older than all that goes, however much of it a drain hands out
-- between two steps, and whoever dies. A step of a change, refused to one that was overtaken (gate.lua).
--
-- What stays: what a drain was handed, as its site may have it; what an unbind left to the site; what was a dead letter
-- of the site; and what the relay tells that site alone. No lease is asked for: the last id in flight is never lowered.
--
-- KEYS  1 outbox  2 delivery  3 gates  4 list
-- ARGV  1 page  2 number of the change  3 the highest id to look at ('+' = the last there is, '(id' = below that)
--       4 most events to look at  then the kinds that are told that site alone
-- Returns  nil when the change was overtaken, or { where to go on ('' = the end was reached), taken, staying }
local page, at_most = ARGV[1], tonumber(ARGV[4])
if not passes(KEYS[3], page, ARGV[2]) then
  return nil
end

local told = {}
for i = 5, #ARGV do
  told[ARGV[i]] = true
end

-- An id as two numbers, of which the first counts more.
local function numbers(id)
  local ms, number = string.match(id or '0-0', '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end

local flight_ms, flight_number = numbers(redis.call('HGET', KEYS[2], 'flight_to') or nil)
local left_ms, left_number = numbers(redis.call('HGET', KEYS[3], page .. ':left') or nil)
local function stays(id, fields)
  local ms, number = numbers(id)
  return ms < flight_ms or ms == flight_ms and number <= flight_number
    or ms < left_ms or ms == left_ms and number <= left_number
    or fields[9] == 'r' -- behind its time of arrival, which every dead letter has when it comes back
end

local entries = redis.call('XREVRANGE', KEYS[1], ARGV[3], '-', 'COUNT', at_most)
local taken, ids, bytes, staying = {}, {}, 0, 0
for _, entry in ipairs(entries) do
  local id, fields = entry[1], entry[2]
  if fields[2] == page and not told[fields[4]] then
    if stays(id, fields) then
      staying = staying + 1
    else
      taken[#taken + 1], ids[#ids + 1], bytes = entry, id, bytes + #fields[6]
    end
  end
end

if #ids > 0 then
  local part = limits()
  part.delete(KEYS[1], ids)
  part.bytes_left(KEYS[2], 'waiting_bytes', bytes)
  for _, entry in ipairs(taken) do
    local id, fields = entry[1], entry[2]
    local accepted_ms = fields[7] == 't' and fields[8] or string.match(id, '^%d+')
    redis.call('LPUSH', KEYS[4], id, accepted_ms, fields[6], fields[4])
  end
end
return { #entries == at_most and '(' .. entries[#entries][1] or '', #ids, staying }
