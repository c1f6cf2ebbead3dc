#!lua
-- SPDX-License-Identifier: Apache-2.0
-- An operator has a job's webhook sent now, as if it never had been: a dead
-- letter, one that waits for its next try, or one delivered before.
--
-- ARGV: job id
-- Returns 1; 2: it is being sent right now; 0: no such job, it has not
--   ended, or it has no callbackUrl
--@include lib/hooks.lua
local job = ARGV[1]
local j = call('HMGET', '@P@job:status:' .. job, 'status', 'callbackUrl')
local status = j[1]
if not j[2] or status ~= 'completed' and status ~= 'failed'
    and status ~= 'cancelled' then
    return 0
end
local hook, key = job .. ':' .. status, '@P@hook:' .. job
local due = call('ZSCORE', '@P@queue:hooks', hook)
if due and tonumber(due) > now and call('HEXISTS', key, 'fence') == 1 then
    return 2
end
call('ZREM', '@P@hooks:dead', hook)
call('HSET', key, 'tried', '0')
call('HDEL', key, 'fence')
call('EXPIRE', key, CFG_HOOK_TTL_S)
keep_job(job, CFG_HOOK_TTL_S)
call('ZADD', '@P@queue:hooks', now, hook)
count('hooks_replayed')
count_all()
return 1
