#!lua name=jifen
-- Lua compares and stores; Go does the sums. All checks come before the first write, because Redis does not roll back.

local CHUNK = 1000 -- values handed to one command; unpack has a limit of about 8000

-- jifen_read: the applied mark, what is due, states and seen marks of one shard, atomically.
-- KEYS: applied, due, state keys…, seen bucket keys…
-- ARGV: now (ms), most due names, number of state keys, then for each bucket: number of marks, marks…
-- returns {applied or false, {due…}, {state or false…}, {0|1 for each mark…}}
local function read(keys, args)
  local applied = redis.call('GET', keys[1])
  local due = {}
  if tonumber(args[2]) > 0 then
    due = redis.call('ZRANGEBYSCORE', keys[2], '-inf', args[1], 'LIMIT', 0, args[2])
  end
  local states, count = {}, tonumber(args[3])
  for i = 1, count, CHUNK do
    local values = redis.call('MGET', unpack(keys, 2 + i, math.min(2 + i + CHUNK - 1, 2 + count)))
    for j = 1, #values do states[i + j - 1] = values[j] end
  end
  local seen, arg = {}, 4
  for k = 3 + count, #keys do
    local n = tonumber(args[arg])
    for i = arg + 1, arg + n, CHUNK do
      local found = redis.call('SMISMEMBER', keys[k], unpack(args, i, math.min(i + CHUNK - 1, arg + n)))
      for j = 1, #found do seen[#seen + 1] = found[j] end
    end
    arg = arg + n + 1
  end
  return {applied, due, states, seen}
end

-- each gives the n arguments after args[at] to a command on one key, and returns n.
local function each(command, key, args, at, n)
  for i = at + 1, at + n, CHUNK do
    redis.call(command, key, unpack(args, i, math.min(i + CHUNK - 1, at + n)))
  end
  return n
end

-- jifen_apply: the states after the entries from..to of one shard, once.
-- KEYS: applied, due, keys to delete…, keys to set…, seen bucket keys…
-- ARGV: from, to, new applied mark, number of keys to delete, number of keys to set, values…, number of names no longer due, names…, number of dues, (score, name)…, then for each bucket: number of marks, marks…
-- returns 1 applied, 0 applied before, -1 gap: the states are not those before `from`
local function apply(keys, args)
  local seq = tonumber(string.match(redis.call('GET', keys[1]) or '0', '^%d+'))
  local from, to = tonumber(args[1]), tonumber(args[2])
  if seq >= to then return 0 end
  if seq + 1 ~= from then return -1 end
  local key, deletes, sets = 2, tonumber(args[4]), tonumber(args[5])
  for i = 1, deletes, CHUNK do
    redis.call('UNLINK', unpack(keys, key + i, key + math.min(i + CHUNK - 1, deletes)))
  end
  key = key + deletes
  for i = 1, sets, CHUNK do
    local pairs, n = {}, 0
    for j = i, math.min(i + CHUNK - 1, sets) do
      pairs[n + 1], pairs[n + 2], n = keys[key + j], args[5 + j], n + 2
    end
    redis.call('MSET', unpack(pairs, 1, n))
  end
  key = key + sets
  local arg = 6 + sets
  arg = arg + each('ZREM', keys[2], args, arg, tonumber(args[arg])) + 1
  arg = arg + each('ZADD', keys[2], args, arg, 2 * tonumber(args[arg])) + 1
  for k = key + 1, #keys do
    arg = arg + each('SADD', keys[k], args, arg, tonumber(args[arg])) + 1
  end
  redis.call('SET', keys[1], args[3])
  return 1
end

redis.register_function{function_name = 'jifen_read', callback = read, flags = {'no-writes'}}
redis.register_function('jifen_apply', apply)
