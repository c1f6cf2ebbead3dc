#!lua
-- SPDX-License-Identifier: Apache-2.0
-- An operator has a job's webhooks sent now, as if they never had been: dead
-- letters, those that wait for their next try, and those delivered before.
--
-- ARGV: job id, which of its receivers (1 is the first; '' all of them)
-- Returns {queued, sending}: how many are sent now, how many are being sent
--   already; none of either: no such job, it has not ended, or it has no such
--   callbackUrl
--@include lib/hooks.lua
local job, only = ARGV[1], tonumber(ARGV[2])
local j = call('HMGET', '@P@job:status:' .. job, 'status', 'callbackUrl',
               'callbacks')
local status, last = j[1], tonumber(j[3] or 1)
if not j[2] or status ~= 'completed' and status ~= 'failed'
    and status ~= 'cancelled' or only and only > last then
    return {0, 0}
end
local queued, sending = 0, 0
for n = only or 1, only or last do
    local hook = hook_of(job, status, n)
    local key, due = tries_of(hook), call('ZSCORE', '@P@queue:hooks', hook)
    if due and tonumber(due) > now and call('HEXISTS', key, 'fence') == 1 then
        sending = sending + 1
    else
        call('ZREM', '@P@hooks:dead', hook)
        call('HSET', key, 'tried', '0')
        call('HDEL', key, 'fence')
        call('EXPIRE', key, CFG_HOOK_TTL_S)
        call('ZADD', '@P@queue:hooks', now, hook)
        queued = queued + 1
    end
end
if queued > 0 then
    keep_job(job, CFG_HOOK_TTL_S)
    count('hooks_replayed', queued)
end
count_all()
return {queued, sending}
