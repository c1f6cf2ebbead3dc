-- SPDX-License-Identifier: Apache-2.0
-- Ends what waits for a task: every job is told once, in slices.
--
-- A result r is {ok=true, key, size, filename, type, sha256, url, expires},
-- a failure {code, error, retryable, attempt}; strings, '' for not known.
--@include lib/base.lua
--@include lib/notify.lua
--@include lib/stats.lua
--@include lib/bundle.lua
--@include lib/callbacks.lua

-- How many more jobs this call may tell.
local budget = 128

-- Job and status are final: lifetimes, the user's list, the outbox.
-- scope: what the job:active key is named by (file id, or hash of the set).
local function finish(job, key, status, user, created, callback, scope)
    call('EXPIRE', key, CFG_JOB_TTL_S)
    local active = '@P@job:active:file:' .. scope
        .. (user and ':user:' .. user or '')
    if status == 'completed' then
        call('EXPIRE', active, CFG_RESULT_TTL_S)
    elseif call('GET', active) == job then
        call('DEL', active)
    end
    if user then -- from the list's active part to its place by time
        call('ZADD', '@P@user:jobs:' .. user, 'XX', created or now, job)
    end
    if callback then
        -- the job stays until its webhook is delivered
        call('EXPIRE', key, CFG_HOOK_TTL_S)
        call('EXPIRE', '@P@job:files:' .. job, CFG_HOOK_TTL_S)
        call('ZADD', '@P@queue:hooks', now, job .. ':' .. status)
        local more = call('HGET', key, 'callbacks')
        if more then
            call_back_more(job, status, more)
        end
    end
    count(status)
end

-- The archive of a job's files is made, or failed for good.
local function end_bundle(job, key, j, r, set)
    local version = (j[2] or 0) + 1
    call('HSET', key, 'version', version, 'message', '', unpack(r.fields))
    call('EXPIRE', '@P@job:files:' .. job, CFG_JOB_TTL_S)
    finish(job, key, r.ok and 'completed' or 'failed', j[3], j[6], j[5], set)
    changed(job, j[3], version, true)
end

-- One file of a job with several. The sum of progress moves by what the file
-- still lacked; a failed one stays where it was.
local function end_share(job, key, j, fid, r)
    local files = '@P@job:files:' .. job
    local old = call('HGET', files, fid)
    local letter = old and string.sub(old, 1, 1)
    if not old then
        local b = call('HMGET', key, 'bundle', 'set')
        if b[1] == fid then
            end_bundle(job, key, j, r, b[2])
        end
        return
    elseif letter == 'c' or letter == 'f' then
        return
    end
    local had = letter == 'p' and tonumber(string.sub(old, 2)) or 0
    local version = (j[2] or 0) + 1
    local m = call('HMGET', key, 'progressSum', 'done', 'failed', 'startedAt',
                   'set', 'priority')
    local sum, done, failed = m[1] or 0, m[2] or 0, m[3] or 0

    if r.ok then
        sum, done = sum + 100 - had, done + 1
        call('HSET', files, fid, r.share)
    else
        failed = failed + 1
        call('HSET', files, fid,
             'f' .. had .. '\n' .. r.code .. '\n' .. r.error)
    end
    local set = {'version', version, 'progressSum', sum, 'done', done,
                 'failed', failed}
    if done + failed < tonumber(j[4]) then
        if j[1] == 'queued' then
            set[9], set[10], set[11], set[12] =
                'status', 'processing', 'startedAt', m[4] or now
        end
        call('HSET', key, unpack(set))
    elseif tonumber(done) > 0 and wants_bundle(m[5]) then
        call('HSET', key, 'status', 'processing', 'startedAt', m[4] or now,
             unpack(set))
        queue_bundle(job, key, m[6] or '1')
    else
        local status = tonumber(done) > 0 and 'completed' or 'failed'
        set[9], set[10], set[11], set[12] =
            'status', status, 'completedAt', now
        if status == 'failed' then
            set[13], set[14], set[15], set[16], set[17], set[18] =
                'error', 'None of the ' .. j[4] .. ' files is available',
                'errorCode', r.code, 'retryable', r.retryable
        end
        call('HSET', key, unpack(set))
        call('EXPIRE', files, CFG_JOB_TTL_S)
        finish(job, key, status, j[3], j[6], j[5], m[5] or '')
    end
    changed(job, j[3], version, true)
end

-- Tells one job of the end of one of its files.
local function end_job(job, fid, r)
    local key = '@P@job:status:' .. job
    local j = call('HMGET', key, 'status', 'version', 'userId', 'files',
                   'callbackUrl', 'createdAt')
    if j[1] ~= 'queued' and j[1] ~= 'processing' then
        return -- vanished, or cancelled meanwhile
    end
    if j[4] then
        return end_share(job, key, j, fid, r)
    end
    local version = (j[2] or 0) + 1
    call('HSET', key, 'version', version, unpack(r.fields))
    finish(job, key, r.ok and 'completed' or 'failed', j[3], j[6], j[5], fid)
    changed(job, j[3], version, true)
end

-- What a job's hash gets, the same for all jobs of the task.
local function fields_of(r)
    if not r.ok then
        r.fields = {'status', 'failed', 'completedAt', now,
                    'error', r.error, 'errorCode', r.code,
                    'retryable', r.retryable, 'retriesRemaining', '0',
                    'attempt', r.attempt, 'nextAttemptAt', ''}
        return r
    end
    local f = {'status', 'completed', 'progress', '100', 'completedAt', now,
               's3Key', r.key, 'size', r.size}
    local n = 10
    local function field(name, value)
        if value ~= '' then
            f[n + 1], f[n + 2] = name, value
            n = n + 2
        end
    end
    field('filename', r.filename)
    field('contentType', r.type)
    field('sha256', r.sha256)
    if r.url ~= '' then
        field('presignedUrl', r.url)
        field('urlExpires', r.expires)
    end
    r.fields = f
    r.share = 'c' .. r.size .. '\n' .. r.key .. '\n' .. r.filename .. '\n'
        .. r.type .. '\n' .. r.sha256
    return r
end

-- Tells the jobs of a task, as far as the budget goes.
-- Returns true when none is left.
local function tell(fid, first, joined, r)
    fields_of(r)
    if first and first ~= '' then
        end_job(first, fid, r)
        budget = budget - 1
    end
    if not joined then
        return true
    end
    local key = '@P@task:jobs:' .. fid
    if budget > 0 then
        for _, job in ipairs(call('SPOP', key, budget)) do
            end_job(job, fid, r)
            budget = budget - 1
        end
    end
    return call('EXISTS', key) == 0
end

-- A result's string: "fence\nkey\nsize\nfilename\ntype\nsha256\netag".
local function parse_result(s)
    local fence, key, size, filename, type, sha256, etag =
        string.match(s, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n'
                        .. '([^\n]*)\n([^\n]*)\n([^\n]*)$')
    return fence and {ok = true, fence = fence, key = key, size = size,
                      filename = filename, type = type, sha256 = sha256,
                      etag = etag, url = '', expires = ''}
end

-- That of a task which is settling.
local function kept_result(s)
    return s and parse_result(s)
        or {code = 'STORAGE_ERROR', retryable = '1', attempt = '',
            error = 'The result was lost'}
end
