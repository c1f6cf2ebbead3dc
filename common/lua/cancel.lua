#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Cancels a job, or lets go of one that others hold too.
--
-- ARGV: job id, user ('' anonymous), 1 = an operator, token ('' none)
-- Returns {outcome, HGETALL, files' HGETALL}; outcomes of dl_cancel_e:
--   0 cancelled (now or before), 1 let go of, 2 ended already, 3 not found
--@include lib/base.lua
--@include lib/notify.lua
--@include lib/settle.lua
local DONE, RELEASED, TERMINAL, NOT_FOUND = 0, 1, 2, 3
local SEEN_S = 60
local job, user, operator, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key, files = '@P@job:status:' .. job, '@P@job:files:' .. job
local j = call('HMGET', key, 'status', 'version', 'userId', 'files',
               'callbackUrl', 'createdAt', 'holders', 'fileId', 'set',
               'bundle')
local status = j[1]

local function answer(outcome)
    count_all()
    publish()
    return {outcome, call('HGETALL', key),
            j[4] and call('HGETALL', files) or {}}
end

if not status or operator ~= '1' and (j[3] or '') ~= user then
    return {NOT_FOUND}
elseif status == 'cancelled' then
    return answer(DONE)
elseif status ~= 'queued' and status ~= 'processing' then
    return answer(TERMINAL)
end

local version = (j[2] or 0) + 1
if not j[3] and operator ~= '1' then
    if token ~= '' and not call('SET', '@P@seen:' .. token, '1', 'NX', 'EX',
                                SEEN_S) then
        return answer(RELEASED)
    end
    if j[7] and tonumber(j[7]) > 1 then
        call('HSET', key, 'holders', j[7] - 1)
        return answer(RELEASED)
    end
end

-- Tasks that nobody waits for any more, dropped together at the end
local gone, keys, ngone = {}, {}, 0

local function leave(fid)
    local tkey = '@P@task:' .. fid
    local t = call('HMGET', tkey, 'state', 'job', 'joined', 'fence')
    if t[2] ~= job then
        if t[3] then
            call('SREM', '@P@task:jobs:' .. fid, job)
        end
        return
    end
    local heir = t[3] and call('SPOP', '@P@task:jobs:' .. fid)
    if heir then
        call('HSET', tkey, 'job', heir)
        return
    end
    if t[1] == 'active' then
        call('PUBLISH', '@P@control', '{"cancel":' .. fid .. ',"fence":'
             .. t[4] .. '}')
    end
    ngone = ngone + 1
    gone[ngone], keys[ngone] = fid, tkey
end

call('HSET', key, 'status', 'cancelled', 'version', version,
     'completedAt', now, 'nextAttemptAt', '')
if j[4] then
    local shares = call('HGETALL', files)
    for i = 1, #shares, 2 do
        local letter = string.sub(shares[i + 1], 1, 1)
        if letter ~= 'c' and letter ~= 'f' then
            leave(shares[i])
        end
    end
    if j[10] then
        leave(j[10])
    end
    call('EXPIRE', files, CFG_JOB_TTL_S)
elseif j[8] then
    leave(j[8])
end
for i = 1, ngone, 500 do
    local to = i + 499 < ngone and i + 499 or ngone
    call('DEL', unpack(keys, i, to))
    for _, zset in ipairs({'wait', 'suspect', 'delayed', 'lease'}) do
        call('ZREM', '@P@queue:' .. zset, unpack(gone, i, to))
    end
end
finish(job, key, 'cancelled', j[3], j[6], j[5], j[9] or j[8] or '')
changed(job, j[3], version, true)
return answer(DONE)
