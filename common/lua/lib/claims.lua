-- SPDX-License-Identifier: Apache-2.0
-- Part of claim.lua: what is not the usual case.
local OWN = 2000

-- Ends the leases that this worker's name holds. They are lost like others
-- that ran out, a few a call, and stand in the queue for whoever may take
-- them.
local function disown(name)
    local ended, n, at = {}, 0, string.format('%d', now)
    for _, fid in ipairs(call('ZRANGE', '@P@queue:lease', 0, OWN - 1)) do
        if call('HGET', '@P@task:' .. fid, 'worker') == name then
            ended[n + 1], ended[n + 2] = at, fid
            n = n + 2
        end
    end
    if n > 0 then
        call('ZADD', '@P@queue:lease', unpack(ended))
    end
end

-- Returns {file id, score …} of what this worker's last claim handed out in a
-- reply that was lost: the leases above the highest fence it knows of.
local function own(name, known)
    local again, n = {}, 0
    for _, fid in ipairs(call('ZREVRANGE', '@P@queue:lease', 0, OWN - 1)) do
        local key = '@P@task:' .. fid
        local t = call('HMGET', key, 'worker', 'fence', 'score', 'state')
        if t[1] == name and t[2] and tonumber(t[2]) > known then
            if t[4] == 'active' then
                call('HSET', key, 'state', 'waiting')
            end
            again[n + 1], again[n + 2] = fid, t[3] or score_of('1')
            n = n + 2
        end
    end
    return again
end

local function lose(fids)
    if #fids > 0 then
        call('ZREM', '@P@queue:lease', unpack(fids))
        for _, fid in ipairs(fids) do
            lose_one(fid)
        end
    end
end

-- What is due goes back to where it stood in the queue.
local function promote(fids)
    if #fids == 0 then
        return
    end
    call('ZREM', '@P@queue:delayed', unpack(fids))
    for _, fid in ipairs(fids) do
        local key = '@P@task:' .. fid
        local t = call('HMGET', key, 'state', 'score', 'lost')
        if t[1] == 'delayed' then
            call('HSET', key, 'state', 'waiting')
            enqueue(fid, t[2], t[3])
        end
    end
end

-- DLJobRate: queue:rate has the times of the last starts, newest first. The
-- start that is CFG_RATE back must be a second old. Returns how many of want
-- may start now, and in how many ms the next one may (-1: all may).
-- started: how many did start, to be noted instead.
local function rate(want, started)
    if CFG_RATE == 0 then
        return want, -1
    end
    if started then
        if started > 0 then
            local times = {}
            for i = 1, started do
                times[i] = now
            end
            call('LPUSH', '@P@queue:rate', unpack(times))
            call('LTRIM', '@P@queue:rate', 0, CFG_RATE - 1)
            call('PEXPIRE', '@P@queue:rate', 2000)
        end
        return
    end
    want = want < CFG_RATE and want or CFG_RATE
    local past = call('LRANGE', '@P@queue:rate', CFG_RATE - want,
                      CFG_RATE - 1)
    local allowed, ms = want, -1
    for i, at in ipairs(past) do
        if tonumber(at) > now - 1000 then
            -- entry i stands in the way of start number want - i + 1
            allowed, ms = want - i, at + 1000 - now
        end
    end
    return allowed, ms
end

-- The first job that still waits for the task, made known as being worked on.
local function first_job(fid, key, job, joined, attempt)
    local j = job and job ~= '' and show(job, fid, 'processing', 0, attempt)
    for _ = 1, joined and not j and 1000 or 0 do
        job = call('SPOP', '@P@task:jobs:' .. fid)
        if not job then
            break
        end
        j = show(job, fid, 'processing', 0, attempt)
        if j then
            call('HSET', key, 'job', job)
            break
        end
    end
    return job, j
end

-- Hands a task out. Returns attempt, settled, job, and the job's fields with
-- requestId, traceparent, tracestate at 5, 6, 7; or nil: it is gone.
local function take(fid, key, score, name, number)
    local t = call('HMGET', key, 'state', 'job', 'joined', 'attempts',
                   'progress')
    local attempt = (t[4] or 0) + 1
    if t[1] == 'settling' then
        call('HSET', key, 'fence', number, 'worker', name)
        return attempt, 1, t[2] or '', {}
    elseif t[1] ~= 'waiting' then
        return nil
    end
    local job, j = first_job(fid, key, t[2], t[3], attempt)
    if not j then
        call('DEL', key) -- nobody waits any more
        return nil
    end
    if t[3] then
        show_others(fid, '0', 'processing', 0, attempt)
    end
    call('HSET', key, 'state', 'active', 'fence', number, 'worker', name,
         'score', score)
    if t[5] then
        call('HSET', key, 'progress', '0')
    end
    return attempt, 0, job, {nil, nil, nil, nil, j[8], j[9], j[10]}
end
