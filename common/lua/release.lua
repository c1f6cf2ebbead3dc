#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Hands a task back unfinished: no attempt and no loss is counted.
--
-- ARGV: worker, file id, fence
-- Returns 1, or 0: it was not this claim's any more.
--@include lib/base.lua
--@include lib/queue.lua
--@include lib/show.lua
local fid, fence = ARGV[2], ARGV[3]
local key = '@P@task:' .. fid
local t = call('HMGET', key, 'fence', 'state', 'job', 'joined', 'attempts',
               'lost', 'score')
if t[1] ~= fence then
    return 0
elseif t[2] == 'settling' then
    call('ZREM', '@P@queue:lease', fid)
    call('ZADD', '@P@queue:wait', 0, fid)
    wake()
    return 1
elseif t[2] == 'waiting' then
    return 1 -- said before
elseif t[2] ~= 'active' then
    return 0
end
local attempt = (t[5] or 0) + 1
call('ZREM', '@P@queue:lease', fid)
call('HSET', key, 'state', 'waiting', 'progress', '0')
enqueue(fid, t[7], t[6])
show(t[3] or '', fid, 'queued', 0, attempt)
if t[4] then
    show_others(fid, '0', 'queued', 0, attempt)
end
wake()
publish()
return 1
