-- SPDX-License-Identifier: Apache-2.0
-- Makes a job and what its files need: tasks of their own, places in tasks
-- that are under way, or shares that a result on hand completes at once.
--@include lib/base.lua
--@include lib/queue.lua
--@include lib/settle.lua
--@include lib/raise.lua
local JOB_TTL_S = 604800
local ACTIVE = 10000000000000 -- added to the scores of a user's active jobs
local TASK = {'state', 'attempts', 'progress', 'priority', 'joined', 'score'}

-- Milliseconds from admission to completion: p75, and the tasks ahead by how
-- many end per second; nil when nothing is known
local function estimate_of(p75, rate, ahead)
    if not p75 then
        return nil
    end
    local ms = p75 + (rate and ahead > 0 and ahead * 1000 / rate or 0)
    return ms < 86400000 and ms - ms % 1 or 86400000
end

local function read_task(fid)
    return call('HMGET', '@P@task:' .. fid, unpack(TASK))
end

local function new_task(fid, job, priority)
    if priority == '1' then
        call('HSET', '@P@task:' .. fid, 'state', 'waiting', 'job', job)
    else
        call('HSET', '@P@task:' .. fid, 'state', 'waiting', 'job', job,
             'priority', priority)
    end
end

local function join_task(fid, job, t, priority)
    local key = '@P@task:' .. fid
    call('SADD', '@P@task:jobs:' .. fid, job)
    if not t[5] then
        call('HSET', key, 'joined', '1')
    end
    raise(fid, t[1], t[4], t[6], priority)
    count('dedupe_task')
end

-- The fields of a job of one file that joins a task.
local function joined_fields(fid, t)
    local f = {'status', 'queued'}
    if t[1] == 'active' or t[1] == 'settling' then
        f = {'status', 'processing', 'progress', t[3] or '0',
             'startedAt', now, 'attempt', (t[2] or 0) + 1}
    elseif t[2] then
        f = {'status', 'queued', 'attempt', t[2],
             'retriesRemaining', CFG_ATTEMPTS - t[2]}
        local due = t[1] == 'delayed'
            and call('ZSCORE', '@P@queue:delayed', fid)
        if due then
            f[7], f[8] = 'nextAttemptAt', due
        end
    end
    return f
end

-- In the user's list, active; and the key by which its like is found.
local function record(job, user, scope)
    call('SET', '@P@job:active:file:' .. scope
                .. (user ~= '' and ':user:' .. user or ''), job,
         'EX', JOB_TTL_S)
    if user ~= '' then
        local key = '@P@user:jobs:' .. user
        call('ZADD', key, now + ACTIVE, job)
        call('EXPIRE', key, JOB_TTL_S)
        changed(job, user, 1, true) -- news on its user's own stream
    end
    count('created')
end

-- A job of one file. r: its result's string, or false; t: read_task();
-- its further fields are ARGV[first] and on. Returns whether it is plain: a
-- new task and nothing else.
local function create_one(job, user, fid, r, t, priority, first, estimate)
    local key = '@P@job:status:' .. job
    r = r and parse_result(r)
    if not r and not t[1] then
        if estimate then
            call('HSET', key, 'status', 'queued', 'version', '1',
                 'createdAt', now, 'estimate', estimate,
                 unpack(ARGV, first))
        else
            call('HSET', key, 'status', 'queued', 'version', '1',
                 'createdAt', now, unpack(ARGV, first))
        end
        call('EXPIRE', key, JOB_TTL_S)
        record(job, user, fid)
        new_task(fid, job, priority)
        call('ZADD', '@P@queue:wait', score_of(priority), fid)
        wake()
        return true
    end
    call('HSET', key, 'status', 'queued', 'version', '1', 'createdAt', now,
         unpack(ARGV, first))
    call('EXPIRE', key, JOB_TTL_S)
    record(job, user, fid)
    if r then
        tell(fid, job, nil, r)
        count('dedupe_result')
    else
        call('HSET', key, unpack(joined_fields(fid, t)))
        if estimate and t[1] ~= 'settling' then
            call('HSET', key, 'estimate', estimate)
        end
        join_task(fid, job, t, priority)
    end
    return false
end

-- A job of several files. results, tasks: by the index in fids.
local function create_several(job, user, scope, fids, results, tasks,
                              priority, first, estimate)
    local key, files = '@P@job:status:' .. job, '@P@job:files:' .. job
    local shares, queued = {}, {}
    local done, sum, status = 0, 0, 'queued'
    local score = string.format('%d', score_of(priority))
    for i, fid in ipairs(fids) do
        local r, t = results[i] and parse_result(results[i]), tasks[i]
        local share = ''
        if r then
            fields_of(r)
            share, done, sum = r.share, done + 1, sum + 100
            count('dedupe_result')
        elseif t[1] then
            join_task(fid, job, t, priority)
            if t[1] == 'active' then
                share = 'p' .. (t[3] or '0')
                sum, status = sum + (t[3] or 0), 'processing'
            end
        else
            new_task(fid, job, priority)
            queued[#queued + 1] = score
            queued[#queued + 1] = fid
        end
        shares[2 * i - 1], shares[2 * i] = fid, share
    end
    for i = 1, #shares, 1000 do
        call('HSET', files,
             unpack(shares, i, i + 999 < #shares and i + 999 or #shares))
    end
    for i = 1, #queued, 1000 do
        call('ZADD', '@P@queue:wait',
             unpack(queued, i, i + 999 < #queued and i + 999 or #queued))
    end
    if #queued > 0 then
        wake()
    end
    if done > 0 then
        status = 'processing'
    end
    call('HSET', key, 'status', status, 'version', '1', 'createdAt', now,
         'files', #fids, 'set', scope, unpack(ARGV, first))
    call('EXPIRE', key, JOB_TTL_S)
    call('EXPIRE', files, JOB_TTL_S)
    record(job, user, scope)
    if status ~= 'queued' then
        call('HSET', key, 'startedAt', now, 'progressSum', sum,
             'done', done)
    end
    if done == #fids and wants_bundle(scope) then
        queue_bundle(job, key, priority)
    elseif done == #fids then
        call('HSET', key, 'status', 'completed', 'completedAt', now)
        call('EXPIRE', files, CFG_JOB_TTL_S)
        local j = call('HMGET', key, 'callbackUrl')
        finish(job, key, 'completed', user ~= '' and user, now, j[1], scope)
    elseif estimate then
        call('HSET', key, 'estimate', estimate)
    end
    return #queued == 2 * #fids
end
