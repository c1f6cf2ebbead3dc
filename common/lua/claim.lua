#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Hands tasks to a worker.
--
-- ARGV: worker, how many, after, suspects
--   after: -1; 0 = the worker has restarted: what it held is lost; else the
--   highest fence it knows of: leases of its own above that were handed out
--   in a reply it never got, and are handed out again
--   suspects: how many tasks that have lost a worker it runs now
-- Returns {next ms or -1, paused, more, then per task: file id, fence,
--   attempt, lost, settled, job, requestId, traceparent, tracestate}
--@include lib/base.lua
--@include lib/queue.lua
--@include lib/show.lua
--@include lib/lose.lua
local PAUSED_LOOK_MS = 5000
local REAPED, PROMOTED, OWN = 16, 100, 3000

local worker, want = ARGV[1], tonumber(ARGV[2])
local after, suspects = tonumber(ARGV[3]), tonumber(ARGV[4])
local head = call('MGET', '@P@queue:paused', '@P@queue:fence')
if head[1] then
    return {PAUSED_LOOK_MS, 1, 0}
end
-- rises even when the host's clock is set back, or a crash of Redis has
-- forgotten the last ones
local fence = now_us
if head[2] and tonumber(head[2]) >= fence then
    fence = head[2] + 1
end
local fence_text = string.format('%.0f', fence)
local reply, n = {0, 0, 0}, 3
local leases, nleases = {}, 0
local deadline = now + CFG_LEASE_MS

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

local function hand_out(fid, score)
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'state', 'job', 'joined', 'attempts', 'lost',
                   'progress')
    local settled = t[1] == 'settling' and 1 or 0
    local attempt = (t[4] or 0) + 1
    local job, j = t[2], nil
    if t[1] == 'waiting' then
        job, j = first_job(fid, key, job, t[3], attempt)
        if not j then
            call('DEL', key) -- nobody waits any more
            return
        end
        if t[3] then
            show_others(fid, '0', 'processing', 0, attempt)
        end
        call('HSET', key, 'state', 'active', 'fence', fence_text,
             'worker', worker, 'score', score)
        if t[6] then
            call('HSET', key, 'progress', '0')
        end
    elseif settled == 1 then
        call('HSET', key, 'fence', fence_text, 'worker', worker)
    else
        return
    end
    j = j or {}
    leases[nleases + 1], leases[nleases + 2] = deadline, fid
    nleases = nleases + 2
    reply[n + 1], reply[n + 2], reply[n + 3] = fid, fence_text, attempt
    reply[n + 4], reply[n + 5], reply[n + 6] = t[5] or 0, settled, job or ''
    reply[n + 7], reply[n + 8], reply[n + 9] =
        j[8] or '', j[9] or '', j[10] or ''
    n = n + 9
end

-- Leases that ran out
local out = call('ZRANGEBYSCORE', '@P@queue:lease', '-inf', now,
                 'LIMIT', 0, REAPED)
if #out > 0 then
    call('ZREM', '@P@queue:lease', unpack(out))
    for _, fid in ipairs(out) do
        lose(fid)
    end
end

-- This worker's own
if after >= 0 then
    for _, fid in ipairs(call('ZRANGE', '@P@queue:lease', 0, OWN - 1)) do
        local key = '@P@task:' .. fid
        local t = call('HMGET', key, 'worker', 'fence', 'score', 'state')
        if t[1] == worker and t[2] and tonumber(t[2]) > after then
            if after == 0 then
                call('ZREM', '@P@queue:lease', fid)
                lose(fid)
            else
                if t[4] == 'active' then
                    call('HSET', key, 'state', 'waiting')
                end
                hand_out(fid, t[3] or score_of('1'))
            end
        end
    end
    want = want - nleases / 2
end

-- What is due after its backoff
local due = call('ZRANGEBYSCORE', '@P@queue:delayed', '-inf', now,
                 'LIMIT', 0, PROMOTED)
if #due > 0 then
    call('ZREM', '@P@queue:delayed', unpack(due))
    for _, fid in ipairs(due) do
        local key = '@P@task:' .. fid
        local t = call('HMGET', key, 'state', 'score', 'lost')
        if t[1] == 'delayed' then
            call('HSET', key, 'state', 'waiting')
            enqueue(fid, t[2], t[3])
        end
    end
end

-- DLJobRate: the times of the last starts, newest first; the start that is
-- CFG_RATE back must be a second old.
local allowed, rate_next = want, -1
if CFG_RATE > 0 and want > 0 then
    if want > CFG_RATE then
        want = CFG_RATE
    end
    local past = call('LRANGE', '@P@queue:rate', CFG_RATE - want,
                      CFG_RATE - 1)
    allowed = want
    for i, at in ipairs(past) do
        if tonumber(at) > now - 1000 then
            -- entry i stands in the way of start number want - i + 1
            allowed = want - i
            rate_next = at + 1000 - now
        end
    end
end

local before = nleases
if allowed > 0 and suspects == 0 then
    local s = call('ZPOPMIN', '@P@queue:suspect')
    if s[1] then
        hand_out(s[1], s[2])
    end
end
local more = 0
local room = allowed - (nleases - before) / 2
if room > 0 then
    local popped = call('ZPOPMIN', '@P@queue:wait', room)
    for i = 1, #popped, 2 do
        hand_out(popped[i], popped[i + 1])
    end
    room = room - #popped / 2
end
if room <= 0 and rate_next < 0
    and (call('ZCARD', '@P@queue:wait') > 0 or suspects == 0
         and call('ZCARD', '@P@queue:suspect') > 0) then
    more = 1
    wake()
end

local started = (nleases - before) / 2
if CFG_RATE > 0 and started > 0 then
    local times = {}
    for i = 1, started do
        times[i] = now
    end
    call('LPUSH', '@P@queue:rate', unpack(times))
    call('LTRIM', '@P@queue:rate', 0, CFG_RATE - 1)
    call('PEXPIRE', '@P@queue:rate', 2000)
end
if nleases > 0 then
    for i = 1, nleases, 1000 do
        call('ZADD', '@P@queue:lease',
             unpack(leases, i, i + 999 < nleases and i + 999 or nleases))
    end
    call('SET', '@P@queue:fence', fence)
end

-- When to look next, for a worker that has room left
local next_ms = -1
if room > 0 or rate_next >= 0 then
    next_ms = rate_next
    local function sooner(zset)
        local first = call('ZRANGE', zset, 0, 0, 'WITHSCORES')
        if first[2] then
            local ms = first[2] - now
            if ms < 1 then
                ms = 1
            end
            if next_ms < 0 or ms < next_ms then
                next_ms = ms
            end
        end
    end
    sooner('@P@queue:delayed')
    sooner('@P@queue:lease')
end
count_all()
publish()
reply[1], reply[3] = next_ms, more
return reply
