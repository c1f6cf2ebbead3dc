#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Removes dead letters.
--
-- ARGV: file id, or '': all that died up to a time; that time in ms
-- Returns how many; of a time at most 500 a call: call again until it is 0.
local call = redis.call
local zset = '@P@queue:dead'
if ARGV[1] ~= '' then
    call('DEL', '@P@dead:' .. ARGV[1])
    return call('ZREM', zset, ARGV[1])
end
local fids = call('ZRANGEBYSCORE', zset, '-inf', ARGV[2], 'LIMIT', 0, 500)
if #fids > 0 then
    local keys = {}
    for i, fid in ipairs(fids) do
        keys[i] = '@P@dead:' .. fid
    end
    call('DEL', unpack(keys))
    call('ZREM', zset, unpack(fids))
end
return #fids
