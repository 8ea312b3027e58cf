#!lua name=jifen_7
-- Lua compares and stores; Go does the sums. All checks come before the first write, because Redis does not roll back.
-- The names end in the format of the states (codec.go), so that builds of two formats can run side by side.

local CHUNK = 1000 -- values handed to one command; unpack has a limit of about 8000

-- jifen_read: the applied mark, what is due and states of one shard, atomically.
-- KEYS: applied, due, state keys…
-- ARGV: now (ms), most due names
-- returns {applied or false, {due…}, {state or false…}}
local function read(keys, args)
  local applied = redis.call('GET', keys[1])
  local due = {}
  if tonumber(args[2]) > 0 then
    due = redis.call('ZRANGEBYSCORE', keys[2], '-inf', args[1], 'LIMIT', 0, args[2])
  end
  local states = {}
  for i = 3, #keys, CHUNK do
    local values = redis.call('MGET', unpack(keys, i, math.min(i + CHUNK - 1, #keys)))
    for j = 1, #values do states[i + j - 3] = values[j] end
  end
  return {applied, due, states}
end

-- each gives the n arguments after args[at] to a writing command on one key, and returns n.
local function each(command, key, args, at, n)
  for i = at + 1, at + n, CHUNK do
    redis.call(command, key, unpack(args, i, math.min(i + CHUNK - 1, at + n)))
  end
  return n
end

-- jifen_apply: the states after the entries from..to of one shard, once.
-- KEYS: applied, due, items, keys to delete…, keys to set…, keys to append to…, leaderboards…
-- ARGV: from, to, new applied mark, numbers of keys to delete, to set and to append to, values to set…, values to append…,
--       number of names no longer due, names…, number of scores and names, (score, name)…, number of new items, ids…, number of leaderboards,
--       for each of them: number of names to take off, names…, number of scores and names, (score, name)…
-- returns 1 applied, 0 applied before, -1 gap: the states are not those before `from`
local function apply(keys, args)
  local seq = tonumber(string.match(redis.call('GET', keys[1]) or '0', '^%d+'))
  local from, to = tonumber(args[1]), tonumber(args[2])
  if seq >= to then return 0 end
  if seq + 1 ~= from then return -1 end
  local key, deletes, sets, appends = 3, tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  for i = 1, deletes, CHUNK do
    redis.call('UNLINK', unpack(keys, key + i, key + math.min(i + CHUNK - 1, deletes)))
  end
  key = key + deletes
  for i = 1, sets, CHUNK do
    local pairs, n = {}, 0
    for j = i, math.min(i + CHUNK - 1, sets) do
      pairs[n + 1], pairs[n + 2], n = keys[key + j], args[6 + j], n + 2
    end
    redis.call('MSET', unpack(pairs, 1, n))
  end
  key = key + sets
  local arg = 6 + sets
  for i = 1, appends do redis.call('APPEND', keys[key + i], args[arg + i]) end
  key, arg = key + appends, arg + appends + 1
  arg = arg + each('ZREM', keys[2], args, arg, tonumber(args[arg])) + 1
  arg = arg + each('ZADD', keys[2], args, arg, tonumber(args[arg])) + 1
  arg = arg + each('SADD', keys[3], args, arg, tonumber(args[arg])) + 1
  for i = 1, tonumber(args[arg]) do
    arg = arg + 1
    arg = arg + each('ZREM', keys[key + i], args, arg, tonumber(args[arg])) + 1
    arg = arg + each('ZADD', keys[key + i], args, arg, tonumber(args[arg]))
  end
  redis.call('SET', keys[1], args[3])
  return 1
end

redis.register_function{function_name = "jifen_read_7", callback = read, flags = {'no-writes'}}
redis.register_function("jifen_apply_7", apply)
