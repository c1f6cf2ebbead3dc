-- SPDX-License-Identifier: Apache-2.0
-- Brings a job's view of one file in line with the file's task.
--
-- A task that many jobs wait for is shown to its first job and to SHOWN of
-- the others at a time; the rest follow with the next beats, so that no call
-- grows with the number of jobs. What ends a job is never left to this
-- (settle.lua).
--@include lib/base.lua
--@include lib/notify.lua
local SHOWN = 64

-- state 'processing' or 'queued'; due: ms of the next attempt, or nil.
-- Returns the job's fields {status, version, userId, files, startedAt,
-- progress, attempt, requestId, traceparent, tracestate}, or nil when the job
-- waits no longer.
local function show(job, fid, state, progress, attempt, due, message)
    local key = '@P@job:status:' .. job
    local j = call('HMGET', key, 'status', 'version', 'userId', 'files',
                   'startedAt', 'progress', 'attempt', 'requestId',
                   'traceparent', 'tracestate')
    local was = j[1]
    if was ~= 'queued' and was ~= 'processing' then
        return nil
    end
    local version = (j[2] or 0) + 1

    if j[4] then -- several files: only this one's share changes
        local files = '@P@job:files:' .. job
        local old = call('HGET', files, fid)
        local share = state == 'processing' and 'p' .. progress or ''
        local letter = old and string.sub(old, 1, 1)
        if not old or letter == 'c' or letter == 'f' or old == share then
            return j
        end
        local before = letter == 'p' and tonumber(string.sub(old, 2)) or 0
        call('HSET', files, fid, share)
        if progress ~= before then
            call('HINCRBY', key, 'progressSum', progress - before)
        end
        if was == 'queued' and state == 'processing' then
            call('HSET', key, 'status', state, 'startedAt', now,
                 'version', version)
        else
            call('HSET', key, 'version', version)
        end
        changed(job, j[3], version, true)
        return j
    end

    progress = string.format('%d', progress)
    attempt = string.format('%d', attempt)
    version = string.format('%d', version)
    if was == state and (j[6] or '0') == progress and j[7] == attempt
        and not due and not message then
        return j
    end
    local set, n = {'status', state, 'version', version}, 4
    local function field(name, value)
        set[n + 1], set[n + 2] = name, value
        n = n + 2
    end
    if (j[6] or '0') ~= progress then
        field('progress', progress)
    end
    if state == 'processing' then
        if not j[5] then
            field('startedAt', now)
        end
        if j[7] ~= attempt then
            field('attempt', attempt)
            if attempt ~= '1' then
                field('retriesRemaining', CFG_ATTEMPTS - attempt)
                field('nextAttemptAt', '')
            end
        end
    elseif due then
        field('attempt', attempt)
        field('retriesRemaining', CFG_ATTEMPTS - attempt)
        field('nextAttemptAt', due)
    end
    if message then
        field('message', message)
    end
    call('HSET', key, unpack(set))
    changed(job, j[3], version, false)
    return j
end

-- The same for the jobs that wait beside the task's first one: some of them.
-- Returns the cursor to go on from.
local function show_others(fid, cursor, state, progress, attempt, due)
    local page = call('SSCAN', '@P@task:jobs:' .. fid, cursor,
                      'COUNT', SHOWN)
    for _, job in ipairs(page[2]) do
        show(job, fid, state, progress, attempt, due)
    end
    return page[1]
end
