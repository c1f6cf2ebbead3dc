#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Records what a worker has made and tells the jobs that wait for it.
--
-- ARGV: worker, then per task 11: file id, fence, key, size, filename, type,
--   sha256, etag, url, url's end in Unix seconds, duration in ms
--   (of a settled task the strings after the fence are empty)
-- Returns per task: 0 stale, 1 done, 2 recorded but more jobs wait (call
--   again), 4 nobody waits any more
--@include lib/base.lua
--@include lib/settle.lua
local STALE, OK, MORE, CANCELLED = 0, 1, 2, 4
local reply = {}
local freed, nfreed, keys = {}, 0, {}
local durations, ndurations = {}, 0

local function free(fid, key)
    nfreed = nfreed + 1
    freed[nfreed], keys[nfreed] = fid, key
end

local function again(fid, fence)
    local r = call('GET', '@P@result:file:' .. fid .. ':completed')
    if not r then
        return CANCELLED
    end
    return string.sub(r, 1, #fence + 1) == fence .. '\n' and OK or STALE
end

local function complete(fid, fence, at)
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'fence', 'state', 'job', 'joined', 'code',
                   'error', 'retryable', 'attempts')
    if not t[1] then
        return again(fid, fence)
    elseif t[1] ~= fence then
        return STALE
    end
    local r
    if t[2] == 'active' then
        r = {ok = true, key = ARGV[at + 2], size = ARGV[at + 3],
             filename = ARGV[at + 4], type = ARGV[at + 5],
             sha256 = ARGV[at + 6], url = ARGV[at + 8],
             expires = ARGV[at + 9]}
        call('SET', '@P@result:file:' .. fid .. ':completed',
             fence .. '\n' .. r.key .. '\n' .. r.size .. '\n' .. r.filename
             .. '\n' .. r.type .. '\n' .. r.sha256 .. '\n' .. ARGV[at + 7],
             'EX', CFG_RESULT_TTL_S)
        ndurations = ndurations + 1
        durations[ndurations] = tonumber(ARGV[at + 10])
    elseif t[2] ~= 'settling' then
        return STALE
    elseif t[5] then
        r = {code = t[5], error = t[6], retryable = t[7], attempt = t[8]}
    else
        local kept = call('GET', '@P@result:file:' .. fid .. ':completed')
        r = kept and parse_result(kept)
            or {code = 'STORAGE_ERROR', retryable = '1', attempt = '',
                error = 'The result has expired'}
        r.url, r.expires = ARGV[at + 8], ARGV[at + 9]
    end
    if tell(fid, t[3], t[4], r) then
        free(fid, key)
        return OK
    end
    call('HSET', key, 'state', 'settling', 'job', '')
    return MORE
end

-- The p75 of durations by stochastic approximation, and tasks per second
-- while there is work: an idle gap counts as one duration.
local function estimate()
    local p75, rate, weight, at
    local s = call('GET', '@P@stats:estimate')
    if s then
        p75, rate, weight, at = string.match(s, '^(%S+) (%S+) (%S+) (%S+)$')
    end
    p75 = tonumber(p75) or durations[1]
    for i = 1, ndurations do
        local step = p75 * 0.05 > 1 and p75 * 0.05 or 1
        if durations[i] > p75 then
            p75 = p75 + step * 0.75
        elseif durations[i] < p75 then
            p75 = p75 - step * 0.25
        end
    end
    local gap = now - (tonumber(at) or now)
    local most = p75 > 1000 and p75 or 1000
    gap = gap < 0 and 0 or gap > most and most or gap
    local decay = math.exp(-gap / 30000)
    rate = (tonumber(rate) or 0) * decay + ndurations / 30
    weight = (tonumber(weight) or 0) * decay + 1 - decay
    call('SET', '@P@stats:estimate',
         string.format('%.1f %.6f %.6f %.0f', p75, rate, weight, now),
         'EX', 604800)

    local sum = 0
    for i = 1, ndurations do
        local d, bound = durations[i], 100
        sum = sum + d
        while bound < d and bound < 819200 do
            bound = bound * 2
        end
        count(bound < d and 'le:inf' or 'le:' .. bound)
    end
    count('tasks', ndurations)
    count('task_ms', sum)
end

for i = 2, #ARGV, 11 do
    reply[#reply + 1] = complete(ARGV[i], ARGV[i + 1], i)
end
if nfreed > 0 then
    call('ZREM', '@P@queue:lease', unpack(freed))
    call('DEL', unpack(keys))
end
if ndurations > 0 then
    estimate()
end
count_all()
publish()
return reply
