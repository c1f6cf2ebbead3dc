#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- What became of a try to deliver a webhook.
--
-- ARGV: hook, fence of its claim, outcome, ms until the next try, HTTP
--   status (0: no answer), error for the operator, 1 = its host answered
--   outcomes of dl_hook_e: 0 delivered, 1 the receiver wants no more of it,
--   2 again, 3 no more tries, 4 interrupted: the try does not count
-- Returns 1; 0: settled before, or its lease was another's meanwhile
--@include lib/hooks.lua
local DELIVERED, GONE, AGAIN, DEAD, RELEASED = 0, 1, 2, 3, 4
local DOWN_S = 600
local hook, fence, outcome = ARGV[1], ARGV[2], tonumber(ARGV[3])
local job = job_of(hook)
local key = tries_of(hook)
local h = call('HMGET', key, 'fence', 'host')
if h[1] ~= fence then
    return 0
end
local host = h[2] or ''
call('ZREM', '@P@hooks:busy:' .. host, hook)
if outcome == DELIVERED or outcome == GONE then
    call('ZREM', '@P@queue:hooks', hook)
    call('DEL', key)
    let_job_go(hook)
    count(outcome == GONE and 'hooks_gone' or 'hooks_delivered')
elseif outcome == RELEASED then
    call('HINCRBY', key, 'tried', -1)
    call('HDEL', key, 'fence', 'worker')
    call('ZADD', '@P@queue:hooks', 'XX', now, hook)
else
    call('HSET', key, 'status', ARGV[5], 'error', ARGV[6], 'at', now)
    if outcome == AGAIN then
        local wait_ms = tonumber(ARGV[4])
        local keep_s = math.ceil(wait_ms / 1000) + 86400
        call('HDEL', key, 'fence', 'worker')
        call('EXPIRE', key, keep_s, 'GT')
        keep_job(job, keep_s)
        call('ZADD', '@P@queue:hooks', 'XX', now + wait_ms, hook)
        count('hooks_again')
    else
        bury_hook(hook)
    end
end
if outcome ~= RELEASED then
    local down = '@P@hooks:down:' .. host
    if ARGV[7] == '1' then
        call('DEL', down)
    else
        call('SET', down, '1', 'EX', DOWN_S)
    end
end
-- whoever waited for this host may be sent now
call('ZADD', '@P@hooks:hosts', 'XX', now, host)
count_all()
return 1
