#!lua name=jifen_inbox_1
-- Members' inboxes: an ordered set of messages by their instants. A message is its id, a line end, and what it says.

-- jifen_inbox_put: a message, once by its id; of two with one id the first counts.
-- KEYS: messages, gone
-- ARGV: at (ms), id, what it says, most messages kept, the oldest instant kept (ms)
-- returns '' put or there, else what stands in gone: nothing was put
local function put(keys, args)
  local gone = redis.call('GET', keys[2])
  if gone then return gone end
  local head = args[2] .. '\n'
  for _, m in ipairs(redis.call('ZRANGE', keys[1], args[1], args[1], 'BYSCORE')) do
    if string.sub(m, 1, #head) == head then return '' end
  end
  redis.call('ZADD', keys[1], args[1], head .. args[3])
  redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', '(' .. args[5])
  redis.call('ZREMRANGEBYRANK', keys[1], 0, -1 - args[4])
  return ''
end

-- jifen_inbox_read: up to which instant a member has read; it never goes back.
-- KEYS: read, gone
-- ARGV: until (ms)
local function read(keys, args)
  if redis.call('EXISTS', keys[2]) == 1 then return 0 end
  if tonumber(args[1]) > tonumber(redis.call('GET', keys[1]) or '-1') then redis.call('SET', keys[1], args[1]) end
  return 1
end

-- jifen_inbox_moved: how far the topics were read; it never goes back.
-- KEYS: positions
-- ARGV: epoch, (topic/partition, offset)…
-- returns 1, or 0 where the inboxes are others than those of that epoch
local function moved(keys, args)
  if redis.call('HGET', keys[1], 'epoch') ~= args[1] then return 0 end
  for i = 2, #args, 2 do
    if tonumber(args[i + 1]) > tonumber(redis.call('HGET', keys[1], args[i]) or '-1') then redis.call('HSET', keys[1], args[i], args[i + 1]) end
  end
  return 1
end

redis.register_function("jifen_inbox_put_1", put)
redis.register_function("jifen_inbox_read_1", read)
redis.register_function("jifen_inbox_moved_1", moved)
