#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Ends an attempt that failed: a backoff and another one, or for good.
--
-- ARGV: worker, file id, fence, code, error, detail, permanent (0, 1),
--   the source's Retry-After in ms or -1, jitter 0 .. 1000000
-- Returns {outcome, ms until the next attempt or -1}: 0 stale, 1 all jobs
--   told, 2 more jobs wait (call again), 3 another attempt is due,
--   4 nobody waits any more
--@include lib/base.lua
--@include lib/queue.lua
--@include lib/show.lua
--@include lib/bury.lua
local STALE, OK, MORE, RETRY, CANCELLED = 0, 1, 2, 3, 4
local LONGEST_MS = 3600000
local fid, fence = ARGV[2], ARGV[3]
local key = '@P@task:' .. fid
local t = call('HMGET', key, 'fence', 'state', 'attempts', 'lost', 'job',
               'joined', 'code', 'error', 'retryable', 'result')

local function answer(outcome, ms)
    count_all()
    publish()
    return {outcome, ms or -1}
end

if not t[1] then -- cancelled; or this has been said before
    local known = call('HGET', '@P@dead:' .. fid, 'fence') == fence
    return answer(known and OK or CANCELLED)
elseif t[1] ~= fence then
    return answer(STALE)
elseif t[2] == 'delayed' then -- said before
    local due = call('ZSCORE', '@P@queue:delayed', fid)
    return answer(RETRY, due and (due - now > 0 and due - now or 0) or 0)
elseif t[2] == 'settling' then
    local r
    if t[7] then
        r = {code = t[7], error = t[8], retryable = t[9], attempt = t[3]}
    else
        r = kept_result(t[10])
    end
    if not tell(fid, t[5], t[6], r) then
        return answer(MORE)
    end
    call('DEL', key)
    call('ZREM', '@P@queue:lease', fid)
    return answer(OK)
elseif t[2] ~= 'active' then
    return answer(STALE)
end

count('attempt:' .. ARGV[4])
local attempts = (t[3] or 0) + 1
if ARGV[7] == '1' or attempts >= CFG_ATTEMPTS then
    local told = bury(fid, key, fence,
        {attempts = attempts, lost = t[4] or 0, job = t[5], joined = t[6]},
        {code = ARGV[4], error = ARGV[5], detail = ARGV[6],
         retryable = ARGV[7] == '1' and '0' or '1'})
    if not told then
        return answer(MORE)
    end
    call('ZREM', '@P@queue:lease', fid)
    return answer(OK)
end

local ms = CFG_BACKOFF_MS * 2 ^ (attempts - 1)
ms = math.floor(ms * (0.9 + 0.2 * ARGV[9] / 1000000))
local wish = tonumber(ARGV[8])
if wish > ms then
    ms = wish
end
if ms > LONGEST_MS then
    ms = LONGEST_MS
end
call('ZREM', '@P@queue:lease', fid)
call('ZADD', '@P@queue:delayed', now + ms, fid)
call('HSET', key, 'state', 'delayed', 'attempts', attempts, 'progress', '0')
count('retries')
show(t[5] or '', fid, 'queued', 0, attempts, now + ms)
if t[6] then
    show_others(fid, '0', 'queued', 0, attempts, now + ms)
end
return answer(RETRY, ms)
