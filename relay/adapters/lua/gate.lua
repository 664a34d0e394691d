-- gate: a part of scripts, not one itself: whether a change of a page's binding may still write here.
--
-- A process that stood still may wake when somebody else has finished its change, and others came after. Each place that
-- changes write to remembers here the greatest number of those that did, for each page, and for good. Nothing needs to be
-- compared across slots of a cluster: whoever takes a change over writes to every place that this change may still write
-- to, before it ends and another can begin.
local function passes(gates, page, number)
  local last = redis.call('HGET', gates, page)
  if last and tonumber(last) > tonumber(number) then
    return false
  end
  if last ~= number then -- or a page could not be opened any more in a Redis out of memory
    redis.call('HSET', gates, page, number)
  end
  return true
end

