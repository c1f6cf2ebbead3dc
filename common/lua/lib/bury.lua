-- SPDX-License-Identifier: Apache-2.0
-- Failing a task for good: the dead letter, and the jobs that wait.
--@include lib/base.lua
--@include lib/settle.lua
local DEAD_MAX = 5000
local DEAD_TTL_S = 604800

-- t: {attempts, lost, job, joined}; f: {code, error, detail, retryable}.
-- Returns true when all jobs are told; else the task stays, settling.
local function bury(fid, key, fence, t, f)
    local dead = '@P@dead:' .. fid
    local trace = {}
    if t.job and t.job ~= '' then
        trace = call('HMGET', '@P@job:status:' .. t.job, 'userId',
                     'requestId', 'traceparent')
    end
    call('DEL', dead)
    call('HSET', dead, 'at', now, 'fence', fence, 'errorCode', f.code,
         'error', f.error, 'detail', f.detail, 'retryable', f.retryable,
         'attempts', t.attempts, 'lost', t.lost, 'job', t.job or '',
         'userId', trace[1] or '', 'requestId', trace[2] or '',
         'traceparent', trace[3] or '')
    call('EXPIRE', dead, DEAD_TTL_S)
    call('ZADD', '@P@queue:dead', now, fid)
    local over = call('ZCARD', '@P@queue:dead') - DEAD_MAX
    if over > 0 then
        local old = call('ZPOPMIN', '@P@queue:dead', over < 50 and over or 50)
        for i = 1, #old, 2 do
            call('DEL', '@P@dead:' .. old[i])
        end
    end
    count('dead')

    f.attempt = t.attempts
    if tell(fid, t.job, t.joined, f) then
        call('DEL', key)
        return true
    end
    call('HSET', key, 'state', 'settling', 'job', '', 'code', f.code,
         'error', f.error, 'retryable', f.retryable,
         'attempts', t.attempts)
    return false
end
