-- SPDX-License-Identifier: Apache-2.0
-- A task whose worker is gone: back into the queue, or failed for good when
-- it has cost too many workers. No attempt is spent.
--@include lib/queue.lua
--@include lib/show.lua
--@include lib/bury.lua

-- Returns what became of it: 'gone', 'settling', 'queued' or 'failed'.
local function lose_one(fid)
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'state', 'attempts', 'lost', 'job', 'joined',
                   'fence', 'score')
    if t[1] == 'settling' then -- whoever claims it goes on telling its jobs
        call('ZADD', '@P@queue:wait', 0, fid)
        return 'settling'
    elseif t[1] ~= 'active' then
        return 'gone'
    end
    local attempt = (t[2] or 0) + 1
    local lost = (t[3] or 0) + 1
    count('lost')
    if lost >= CFG_MAX_LOST then
        local told = bury(fid, key, t[6],
            {attempts = attempt, lost = lost, job = t[4], joined = t[5]},
            {code = 'WORKER_LOST', retryable = '0', detail = '',
             error = 'The workers that prepared this file were lost ('
                 .. lost .. ' times)'})
        if not told then
            call('ZADD', '@P@queue:wait', 0, fid)
        end
        return 'failed'
    end
    call('HSET', key, 'state', 'waiting', 'lost', lost, 'progress', '0')
    enqueue(fid, t[7], lost)
    if t[4] then
        show(t[4], fid, 'queued', 0, attempt)
    end
    if t[5] then
        show_others(fid, '0', 'queued', 0, attempt)
    end
    return 'queued'
end
