#!lua
-- SPDX-License-Identifier: Apache-2.0
-- Admission: every layer and limit in one step, in the contract's order.
--
-- ARGV: job id (fresh), user ('' anonymous), scope (the file id, or the hash
--   of the set), file ids joined by commas, idempotency key ('' none; with
--   its user), payload digest, priority (0 high, 1, 2 low), rate id ('' no
--   limit), '1' when the caller wants to look first whether objects to be
--   reused are still there, then the job's further fields as name, value …
-- Returns {outcome, now ms, rate remaining or -1, rate reset s, retry after
--   s, queue length, estimate ms or 0, job id, its HGETALL, its files'
--   HGETALL}; the last three only if the job is not simply new and queued.
--   Outcomes are those of dl_admit_e. Of VERIFY, which has written nothing:
--   the job whose objects they are ('' none), then file id and key of each
--   ('' for the id: its archive).
--
-- Sending it again with the same job id, after an answer was lost, changes
-- nothing: a job of that id that exists is the answer, whatever its state.
--@include lib/base.lua
local NEW, KEY_TTL_S, FIELDS = 0, '86400', 10
local JOB_TTL_S, JOB_TTL_MS = '604800', 604800000
local ACTIVE, ACTIVE_AT = '10000000000000', 10000000000000 -- lib/create.lua
local A = ARGV
local text = string.format
local job, user, scope = A[1], A[2], A[3]
local idem, priority, rated = A[5], A[7], A[8]

-- What the string layers and the figures hold, in one call: 1 the job of the
-- same files, 2 the result, 3 p75, 4 tasks per second, 5 how many tasks run
-- or wait for an attempt, 6 and 7 the rate's windows, 8 the idempotency key
local active_key = '@P@job:active:file:' .. scope
if user ~= '' then
    active_key = active_key .. ':user:' .. user
end
local result_key = '@P@result:file:' .. scope .. ':completed'
local found, window_key, elapsed, used
if CFG_RATE_LIMIT > 0 and rated ~= '' then
    elapsed = now % CFG_RATE_WINDOW_MS
    local start = (now - elapsed) / 1000
    local stem = '@P@rate:limit:user:' .. rated .. ':window:'
    window_key = stem .. text('%d', start)
    found = call('MGET', active_key, result_key, '@P@stats:p75',
                 '@P@stats:rate', '@P@queue:busy', window_key,
                 stem .. text('%d', start - CFG_RATE_WINDOW_MS / 1000),
                 '@P@idempotency:' .. idem)
    used = (found[6] or 0) + (found[7] or 0)
        * (CFG_RATE_WINDOW_MS - elapsed) / CFG_RATE_WINDOW_MS
else
    found = call('MGET', active_key, result_key, '@P@stats:p75',
                 '@P@stats:rate', '@P@queue:busy')
    if idem ~= '' then
        found[8] = call('GET', '@P@idempotency:' .. idem)
    end
end

local job_key, task_key = '@P@job:status:' .. job, '@P@task:' .. scope
local mine = '@P@user:jobs:' .. user
local length = call('ZCARD', '@P@queue:wait')
if scope ~= A[4] or found[1] or found[2] or found[8]
    or call('EXISTS', job_key, task_key) > 0
    or used and used + 1 > CFG_RATE_LIMIT
    or CFG_MAX_ACTIVE > 0 and user ~= ''
    and call('ZCOUNT', mine, ACTIVE, '+inf') >= CFG_MAX_ACTIVE
    or CFG_MAX_QUEUE > 0 and length + (found[5] or 0) >= CFG_MAX_QUEUE
then
    local function unusual()
--@include lib/unusual.lua
    end
    return unusual()
end

-- One file, asked for anew, and all limits have room
local now_text = text('%d', now)
local estimate = 0
if found[3] then
    estimate = found[3] + (found[4] and length * 1000 / found[4] or 0)
    estimate = estimate < 86400000 and estimate - estimate % 1 or 86400000
    call('HSET', job_key, 'status', 'queued', 'version', '1',
         'createdAt', now_text, 'estimate', text('%d', estimate),
         unpack(A, FIELDS))
else
    call('HSET', job_key, 'status', 'queued', 'version', '1',
         'createdAt', now_text, unpack(A, FIELDS))
end
call('EXPIRE', job_key, JOB_TTL_S)
call('SET', active_key, job, 'EX', JOB_TTL_S)
if user ~= '' then
    call('ZADD', mine, text('%d', now + ACTIVE_AT), job)
    if not found[6] then -- once per window is often enough
        call('EXPIRE', mine, JOB_TTL_S)
        if now_us % 16 == 0 then
            call('ZREMRANGEBYSCORE', mine, '-inf', now - JOB_TTL_MS)
        end
    end
    -- a new job is news on its user's own stream
    local channel = '@P@user:' .. user
    if call('PUBSUB', 'NUMSUB', channel)[2] ~= 0 then
        call('PUBLISH', channel,
             '{"jobId":"' .. job .. '","version":1,"reread":true}')
    end
end
if priority == '1' then
    call('HSET', task_key, 'state', 'waiting', 'job', job)
    call('ZADD', '@P@queue:wait', text('%d', now_us + 60000000), scope)
else
    call('HSET', task_key, 'state', 'waiting', 'job', job,
         'priority', priority)
    call('ZADD', '@P@queue:wait',
         text('%d', now_us + (priority == '0' and 0 or 300000000)), scope)
end
-- Where tasks wait already, the token lies there or a worker has it in its
-- hand; looking now and then is for a worker that died with it.
if length == 0 or now_us % 8 == 0 then
    if call('LLEN', '@P@queue:wake') == 0 then
        call('LPUSH', '@P@queue:wake', '1')
    end
end
if idem ~= '' then
    call('SET', '@P@idempotency:' .. idem, job .. ' ' .. A[6], 'EX',
         KEY_TTL_S)
end
call('HINCRBY', '@P@stats:engine', 'created', '1')
if not used then
    return {NEW, now, -1, 0, 0, length, estimate}
end
call('SET', window_key, found[6] and text('%d', found[6] + 1) or '1',
     'PX', 'CFG_RATE_WINDOWS_MS')
local room = CFG_RATE_LIMIT - used - 1
return {NEW, now, room - room % 1,
        math.ceil((CFG_RATE_WINDOW_MS - elapsed) / 1000), 0, length, estimate}
