#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Renews a worker's leases and writes its tasks' progress.
--
-- ARGV: worker, load (JSON, or '': no heartbeat), then per task: file id,
--   fence, progress (-1: none), message ('': none)
-- Returns per task 1, or 0: stale or no longer wanted, abort it.
--@include lib/base.lua
--@include lib/show.lua
--@include lib/waiter.lua
local OTHERS = 8 -- tasks per call whose further jobs are shown too
local worker, load = ARGV[1], ARGV[2]
local reply, n, others = {}, 0, 0
local leases, nleases = {}, 0
local deadline = string.format('%d', now + CFG_LEASE_MS)

local function beat(fid, fence, progress, message)
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'fence', 'state', 'progress', 'job',
                   'joined', 'attempts', 'cursor')
    if t[1] ~= fence or t[2] ~= 'active' and t[2] ~= 'settling' then
        return 0
    end
    if t[2] == 'active' then
        local had = tonumber(t[3] or '0')
        if progress > 99 then
            progress = 99
        end
        if progress > had then
            call('HSET', key, 'progress', progress)
        else
            progress = had
        end
        local attempt = (t[6] or 0) + 1
        if message == '' then
            message = nil
        end
        local shown = show(t[4] or '', fid, 'processing', progress, attempt,
                           nil, message)
        if not shown then
            local job = t[5] and next_waiter(fid, key)
            if not job then
                call('DEL', key)
                call('ZREM', '@P@queue:lease', fid)
                return 0
            end
            show(job, fid, 'processing', progress, attempt, nil, message)
        end
        if t[5] and others < OTHERS then
            others = others + 1
            local cursor = show_others(fid, t[7] or '0', 'processing',
                                       progress, attempt)
            if cursor ~= (t[7] or '0') then
                call('HSET', key, 'cursor', cursor)
            end
        end
    end
    leases[nleases + 1], leases[nleases + 2] = deadline, fid
    nleases = nleases + 2
    return 1
end

for i = 3, #ARGV, 4 do
    n = n + 1
    reply[n] = beat(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3])
end
for i = 1, nleases, 1000 do
    call('ZADD', '@P@queue:lease',
         unpack(leases, i, i + 999 < nleases and i + 999 or nleases))
end
if load ~= '' then
    local key = '@P@worker:' .. worker
    call('HSET', key, 'load', load, 'at', now)
    call('PEXPIRE', key, 60000)
    call('ZADD', '@P@workers', now, worker)
    call('ZREMRANGEBYSCORE', '@P@workers', '-inf', now - 3600000)
end
publish()
return reply
