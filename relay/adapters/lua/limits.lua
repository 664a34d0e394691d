-- limits: a part of scripts, not one itself: `adapters.scripts` puts it in front of those that need it. It counts
-- losses and bytes, and takes the oldest entries off a stream that holds more than it may.
--
-- All of it is made only when called for, as most appends need none of it and would pay for it.
local function limits()
  local DELETE_AT_ONCE = 100 -- Lua hands a call a limited number of arguments
  local part = { TRIM_AT_ONCE = 1000 } -- entries; what is left is for the next call, so that Redis serves others, too

  -- Losses are counted in the script that loses: neither happens without the other, whatever dies in between.
  function part.count_loss(losses, reason, count)
    local now = redis.call('TIME')
    redis.call('HINCRBY', losses, reason, count)
    redis.call('HSET', losses, reason .. ':ms', string.format('%d%03d', now[1], math.floor(now[2] / 1000)))
  end

  -- Bytes are counted in fields of the delivery hash. Where these and the stream disagree (somebody changed the stream
  -- by hand), they agree again as soon as `settle` sees all of it at once, or an entry is added to an empty one.
  -- (`0 - bytes`, as Lua writes the negative of zero as -0, which Redis takes for no number.)
  function part.bytes_left(delivery, field, bytes)
    if redis.call('HINCRBY', delivery, field, 0 - bytes) < 0 then
      redis.call('HSET', delivery, field, 0)
    end
  end

  -- `added` entries of `size` bytes were added, and the count of bytes is `counted` now.
  -- Returns  how many entries and how many bytes the stream holds
  function part.after_adding(stream, delivery, field, added, size, counted)
    local events = redis.call('XLEN', stream)
    if events == added and counted ~= size then
      redis.call('HSET', delivery, field, size)
      return events, size
    end
    return events, counted
  end

  -- The last id that the holder of the lease was handed, or nil: up to there events may be on their way, and are not
  -- lost, nor anybody else's to take. Once the lease is gone, anything may go.
  function part.in_flight(lease, delivery)
    return redis.call('EXISTS', lease) == 1 and redis.call('HGET', delivery, 'flight_to') or nil
  end

  -- To be called before anything is added: a Redis out of memory refuses a script whose first write adds.
  function part.delete(stream, ids)
    for i = 1, #ids, DELETE_AT_ONCE do
      redis.call('XDEL', stream, unpack(ids, i, math.min(i + DELETE_AT_ONCE - 1, #ids)))
    end
  end

  -- of: stream, delivery, losses, part ('waiting' | 'dead'), flight, max_events, max_bytes, at_once,
  --     older_than_ms (0 = no age is too old)
  -- Returns  lost by overflow_events, by overflow_bytes, by age, and whether more has to go
  function part.trim(of)
    local prefix, field = of.part == 'dead' and 'dead_' or '', of.part .. '_bytes'
    local events = redis.call('XLEN', of.stream)
    local bytes = tonumber(redis.call('HGET', of.delivery, field) or 0)
    local function why(id)
      if of.older_than_ms > 0 and tonumber(string.match(id, '^%d+')) < of.older_than_ms then
        return 'age'
      end
      return events > of.max_events and 'overflow_events' or bytes > of.max_bytes and 'overflow_bytes' or nil
    end

    local from = of.flight and '(' .. of.flight or '-'
    local lost = { overflow_events = 0, overflow_bytes = 0, age = 0 }
    local left, freed, more = of.at_once, 0, true
    while more and left > 0 do
      local ids = {}
      local entries = redis.call('XRANGE', of.stream, from, '+', 'COUNT', math.min(DELETE_AT_ONCE, left))
      for _, entry in ipairs(entries) do
        local reason = why(entry[1])
        if not reason then
          break
        end
        local size = #entry[2][6]
        ids[#ids + 1] = entry[1]
        lost[reason] = lost[reason] + 1
        events, bytes, freed = events - 1, bytes - size, freed + size
      end
      part.delete(of.stream, ids)
      left = left - #ids
      more = #ids > 0 and #ids == #entries
    end

    if left < of.at_once then
      part.bytes_left(of.delivery, field, freed)
      for reason, count in pairs(lost) do
        if count > 0 then
          part.count_loss(of.losses, prefix .. reason, count)
        end
      end
    end
    return lost.overflow_events, lost.overflow_bytes, lost.age, more
  end

  return part
end

