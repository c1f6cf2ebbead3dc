#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- One slice of the audit: what no script leaves behind, but a deleted key, an
-- operator's hand or a half-restored backup may. Every script is atomic, so
-- whatever is inconsistent here is so for good.
--
-- ARGV: cursor ("0" to begin; a sweep another worker has begun just now is
--   over at once)
-- Returns {cursor ("0" at the end), a sentence per repair …}
--@include lib/base.lua
--@include lib/lose.lua
--@include lib/create.lua
--@include lib/waiter.lua
local SLICE, SCANNED, SHARES = 200, 60, 1500
local ZSETS = {'lease', 'delayed', 'wait', 'suspect'}
local STATE = {lease = 'active', delayed = 'delayed', wait = 'waiting',
               suspect = 'waiting'}
local PREFIX = '@P@'
local reply, nrepairs = {'0'}, 0

local function say(text)
    nrepairs = nrepairs + 1
    if nrepairs <= 100 then
        reply[nrepairs + 1] = text
    end
    count('repairs')
end

-- A queue's entries without a task in that state
local function check_queue(name, from)
    local zset = '@P@queue:' .. name
    local fids = call('ZRANGE', zset, from, from + SLICE - 1)
    local removed = 0
    for _, fid in ipairs(fids) do
        local state = call('HGET', '@P@task:' .. fid, 'state')
        if state ~= STATE[name]
            and not (state == 'settling'
                     and (name == 'lease' or name == 'wait')) then
            call('ZREM', zset, fid)
            removed = removed + 1
            say('queue:' .. name .. ' held file ' .. fid .. ' without a task '
                .. STATE[name] .. ': removed')
        end
    end
    return #fids == SLICE and from + SLICE - removed
end

local function waits(job)
    local s = job and job ~= ''
        and call('HGET', '@P@job:status:' .. job, 'status')
    return s == 'queued' or s == 'processing'
end

local function drop(fid)
    call('DEL', '@P@task:' .. fid, '@P@task:jobs:' .. fid)
    for _, name in ipairs(ZSETS) do
        call('ZREM', '@P@queue:' .. name, fid)
    end
end

local function check_task(key, fid)
    local t = call('HMGET', key, 'state', 'job', 'joined', 'fence', 'score',
                   'lost')
    if t[1] ~= 'settling' and not waits(t[2]) then
        if not (t[3] and next_waiter(fid, key)) then
            drop(fid)
            if t[1] == 'active' then
                call('PUBLISH', '@P@control', '{"cancel":' .. fid
                     .. ',"fence":' .. t[4] .. '}')
            end
            return say('nobody waited for the task of file ' .. fid
                       .. ': dropped')
        end
        say('the first job of file ' .. fid .. ' was gone: another follows')
    end
    local function missing(name)
        return not call('ZSCORE', '@P@queue:' .. name, fid)
    end
    if t[1] == 'active' then
        if missing('lease') then
            say('the task of file ' .. fid .. ' was active without a lease: '
                .. lose_one(fid))
        end
    elseif t[1] == 'delayed' then
        if missing('delayed') then
            call('ZADD', '@P@queue:delayed', now, fid)
            say('the task of file ' .. fid
                .. ' was delayed without a time: due now')
        end
    elseif t[1] == 'settling' then
        if missing('lease') and missing('wait') then
            call('ZADD', '@P@queue:wait', 0, fid)
            say('the settling task of file ' .. fid .. ' was lost: queued')
        end
    elseif missing('wait') and missing('suspect') then
        call('HSET', key, 'state', 'waiting')
        enqueue(fid, t[5], t[6])
        say('the task of file ' .. fid .. ' stood in no queue: queued')
    end
end

-- A job that waits for a file must stand in that file's task.
local function check_wait(job, fid)
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, unpack(TASK))
    if t[1] then
        if call('HGET', key, 'job') ~= job
            and (not t[5] or call('SISMEMBER', '@P@task:jobs:' .. fid, job)
                             == 0) then
            join_task(fid, job, t, '1')
            say('job ' .. job .. ' was missing at file ' .. fid .. ': joined')
        end
        return
    end
    local r = call('GET', '@P@result:file:' .. fid .. ':completed')
    r = r and parse_result(r)
    if r then
        tell(fid, job, nil, r)
        say('job ' .. job .. ' had not been told of file ' .. fid .. ': told')
    else
        new_task(fid, job, '1')
        enqueue(fid)
        say('file ' .. fid .. ' of job ' .. job .. ' had no task: queued')
    end
end

local shares = 0

local function check_job(key, job)
    local j = call('HMGET', key, 'status', 'fileId', 'files', 'createdAt',
                   'bundle')
    if call('TTL', key) == -1 then
        call('EXPIRE', key, CFG_JOB_TTL_S)
        say('job ' .. job .. ' had no lifetime: set')
    end
    if j[1] ~= 'queued' and j[1] ~= 'processing' then
        return
    end
    if not j[3] then
        if j[2] then
            check_wait(job, j[2])
        end
        return
    end
    if shares > SHARES then
        return -- with a later sweep
    end
    local files = call('HGETALL', '@P@job:files:' .. job)
    shares = shares + #files / 2
    if #files == 0 then
        call('HSET', key, 'status', 'failed', 'completedAt', now,
             'error', 'The list of files was lost', 'errorCode',
             'WORKER_LOST', 'retryable', '1')
        call('HINCRBY', key, 'version', 1)
        local more = call('HMGET', key, 'userId', 'callbackUrl', 'set',
                          'version')
        finish(job, key, 'failed', more[1], j[4], more[2], more[3] or '')
        changed(job, more[1], more[4], true)
        return say('job ' .. job .. ' had lost its files: failed')
    end
    for i = 1, #files, 2 do
        local letter = string.sub(files[i + 1], 1, 1)
        if letter ~= 'c' and letter ~= 'f' then
            check_wait(job, files[i])
        end
    end
    if j[5] then
        check_wait(job, j[5])
    end
end

local function check_user(key)
    if call('TTL', key) == -1 then
        call('EXPIRE', key, JOB_TTL_S)
        say('the list ' .. key .. ' had no lifetime: set')
    end
    local ids = call('ZRANGE', key, ACTIVE, '+inf', 'BYSCORE', 'LIMIT', 0, 64)
    for _, job in ipairs(ids) do
        if not waits(job) then
            local created = call('HGET', '@P@job:status:' .. job, 'createdAt')
            if created then
                call('ZADD', key, created, job)
            else
                call('ZREM', key, job)
            end
            say('ended job ' .. job .. ' counted as active: no more')
        end
    end
end

local function check_key(key)
    if string.sub(key, 1, #PREFIX) ~= PREFIX then
        return
    end
    local name = string.sub(key, #PREFIX + 1)
    local fid = string.match(name, '^task:(%d+)$')
    if fid then
        return check_task(key, fid)
    end
    fid = string.match(name, '^task:jobs:(%d+)$')
    if fid then
        if call('EXISTS', '@P@task:' .. fid) == 0 then
            call('DEL', key) -- its jobs are found as jobs without a task
            say('jobs waited for file ' .. fid .. ' without a task: released')
        end
        return
    end
    local job = string.match(name, '^job:status:(.+)$')
    if job then
        return check_job(key, job)
    end
    if string.find(name, '^user:jobs:') then
        check_user(key)
    end
end

local phase, position = string.match(ARGV[1], '^(%d):(%d+)$')
if not phase then
    local every = math.ceil(CFG_LEASE_MS / 3000)
    if not call('SET', '@P@queue:audit', '1', 'NX', 'EX', every) then
        return reply
    end
    phase, position = '1', '0'
end
phase = tonumber(phase)
if ZSETS[phase] then
    local further = check_queue(ZSETS[phase], tonumber(position))
    reply[1] = further and phase .. ':' .. further or (phase + 1) .. ':0'
else
    local page = call('SCAN', position, 'COUNT', SCANNED)
    for _, key in ipairs(page[2]) do
        check_key(key)
    end
    if page[1] ~= '0' then
        reply[1] = phase .. ':' .. page[1]
    end
end
if reply[1] == '0' or nrepairs > 0 then
    if call('ZCARD', '@P@queue:wait') + call('ZCARD', '@P@queue:suspect') > 0
    then
        wake()
    end
    call('ZREMRANGEBYSCORE', '@P@queue:dead', '-inf', now - 604800000)
    call('ZREMRANGEBYSCORE', '@P@hooks:dead', '-inf', now - 604800000)
end
count_all()
publish()
return reply
