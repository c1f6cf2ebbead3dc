-- SPDX-License-Identifier: Apache-2.0
-- What the scripts of webhooks share.
--
-- A hook is "<job>:<state>", that of a further receiver of the same job
-- "<job>:<state>:<number>". It stands in queue:hooks from its job's end to
-- its delivery: by the time of its next try, by the end of its lease while a
-- worker sends it, or, while its host has no room, by a time far off. Those
-- wait in hooks:host:<host> as well, in their order, and hooks:hosts says
-- when to look at that host again: so the hooks of a receiver that is down
-- stand in nobody's way, however many they are.
--@include lib/base.lua
--@include lib/stats.lua
local DEAD_TTL_S, DEAD_MAX = 604800, 5000

local function job_of(hook)
    return string.match(hook, '^(.-):') or hook
end

local function hook_of(job, state, n)
    return job .. ':' .. state .. (n > 1 and ':' .. n or '')
end

-- The key of what is known of its tries
local function tries_of(hook)
    local job, n = string.match(hook, '^(.-):%a*(:?%d*)$')
    return '@P@hook:' .. (job or hook) .. (n or '')
end

-- A job lives as long as its webhook may be sent.
local function keep_job(job, seconds)
    call('EXPIRE', '@P@job:status:' .. job, seconds, 'GT')
    call('EXPIRE', '@P@job:files:' .. job, seconds, 'GT')
    call('EXPIRE', '@P@job:callbacks:' .. job, seconds, 'GT')
end

-- Whether another webhook of the same job is not delivered yet.
local function others_wait(hook, job)
    local j = call('HMGET', '@P@job:status:' .. job, 'callbacks', 'status')
    for n = 1, j[1] and tonumber(j[1]) or 0 do
        local other = hook_of(job, j[2], n)
        if other ~= hook and (call('ZSCORE', '@P@queue:hooks', other)
                              or call('ZSCORE', '@P@hooks:dead', other)) then
            return true
        end
    end
    return false
end

-- Nothing is to be sent any more: the usual lifetime of an ended job.
local function let_job_go(hook)
    local job = job_of(hook)
    if others_wait(hook, job) then
        return
    end
    call('EXPIRE', '@P@job:status:' .. job, CFG_JOB_TTL_S, 'LT')
    call('EXPIRE', '@P@job:files:' .. job, CFG_JOB_TTL_S, 'LT')
    call('EXPIRE', '@P@job:callbacks:' .. job, CFG_JOB_TTL_S, 'LT')
end

-- No further try: a dead letter.
local function bury_hook(hook)
    local job, key = job_of(hook), tries_of(hook)
    call('ZREM', '@P@queue:hooks', hook)
    call('HDEL', key, 'fence', 'worker')
    call('EXPIRE', key, DEAD_TTL_S)
    call('ZADD', '@P@hooks:dead', now, hook)
    keep_job(job, DEAD_TTL_S)
    call('ZREMRANGEBYSCORE', '@P@hooks:dead', '-inf', now - DEAD_TTL_S * 1000)
    local over = call('ZCARD', '@P@hooks:dead') - DEAD_MAX
    if over > 0 then
        local old = call('ZPOPMIN', '@P@hooks:dead', over < 50 and over or 50)
        for i = 1, #old, 2 do
            call('DEL', tries_of(old[i]))
            let_job_go(old[i])
        end
    end
    count('hooks_dead')
end
