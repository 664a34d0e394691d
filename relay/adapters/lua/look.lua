-- look: list some waiting events of an outbox, or dead letters. What they say travels only when it is asked for.
--
-- KEYS  1 the stream
-- ARGV  1 first id  2 last id  3 page ('' = each)  4 most events to look at  5 most to list
--       6 most bytes of what they say, but for the first one ('' = leave it out)
-- Returns  { where to go on ('' = the end was reached), then for each event:
--            { id, its size in bytes, what it says or '', the other fields: names and values in turn } }
local at_most, list_at_most, bytes_left = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', at_most)
local found = { #entries == at_most and '(' .. entries[#entries][1] or '' }
for _, entry in ipairs(entries) do
  local id, fields = entry[1], entry[2]
  if ARGV[3] == '' or fields[2] == ARGV[3] then
    local says = fields[6]
    bytes_left = bytes_left and bytes_left - #says
    if #found > list_at_most or bytes_left and bytes_left < 0 and #found > 1 then
      found[1] = id -- this one is the first that is left out
      break
    end
    table.remove(fields, 6)
    table.remove(fields, 5)
    found[#found + 1] = { id, #says, bytes_left and says or '', fields }
  end
end
return found
