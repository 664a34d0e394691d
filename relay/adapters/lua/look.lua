-- look: list some of an outbox's waiting events, or of its dead letters. What they say only travels when asked for.
--
-- KEYS  1 the stream
-- ARGV  1 first id  2 last id  3 page ('' = each)  4 most events to look at  5 most to list  6 '1' = with what they say
-- Returns  { where to go on ('' = the end was reached), then for each event:
--            { id, size in bytes, what it says or '', its other fields, names and values in turn } }
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[4])
local found = { #entries == tonumber(ARGV[4]) and '(' .. entries[#entries][1] or '' }
for i, entry in ipairs(entries) do
  local fields = entry[2]
  if ARGV[3] == '' or fields[2] == ARGV[3] then
    local payload = fields[6]
    table.remove(fields, 6)
    table.remove(fields, 5)
    found[#found + 1] = { entry[1], #payload, ARGV[6] == '1' and payload or '', fields }
    if #found > tonumber(ARGV[5]) then
      if i < #entries then
        found[1] = '(' .. entry[1]
      end
      break
    end
  end
end
return found
