#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Hands tasks to a worker.
--
-- ARGV: worker, how many, after, suspects
--   after: -1; 0 = the worker has restarted: what it held is lost; else the
--   highest fence it knows of: leases of its own above that were handed out
--   in a reply it never got, and are handed out again
--   suspects: how many tasks that have lost a worker it runs now
-- Returns {next ms or -1, paused, more, then per task: file id, fence,
--   attempt, lost, settled, job, requestId, traceparent, tracestate}
--@include lib/base.lua
local PAUSED_LOOK_MS = 5000
local REAPED, PROMOTED, MOST = 16, 100, 100
local text = string.format
local worker, want, after = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local head = call('MGET', '@P@queue:paused', '@P@queue:fence')
if head[1] then
    return {PAUSED_LOOK_MS, 1, 0}
end
-- rises even when the host's clock is set back, or a crash of Redis has
-- forgotten the last ones
local fence = now_us
if head[2] and tonumber(head[2]) >= fence then
    fence = head[2] + 1
end
fence = text('%d', fence)

-- Everything but the usual case: made when first needed
local function make_unusual()
--@include lib/lose.lua
--@include lib/claims.lua
    return {lose = lose, promote = promote, own = own, disown = disown,
            take = take, rate = rate, message = message, publish = publish,
            count_all = count_all}
end
local unusual

-- After a restart: what this worker held has run out, as of now
if after == '0' then
    unusual = make_unusual()
    unusual.disown(worker)
end
-- Leases that ran out, and what is due after its backoff
local out = call('ZRANGEBYSCORE', '@P@queue:lease', '-inf', now,
                 'LIMIT', 0, REAPED)
local due = call('ZRANGEBYSCORE', '@P@queue:delayed', '-inf', now,
                 'LIMIT', 0, PROMOTED)
if #out > 0 or #due > 0 then
    unusual = unusual or make_unusual()
    unusual.lose(out)
    unusual.promote(due)
end

-- What to hand out: file id, score … First what a lost reply handed out
local list, n = {}, 0
if after ~= '-1' and after ~= '0' then
    unusual = unusual or make_unusual()
    list = unusual.own(worker, tonumber(after))
    n = #list
    want = want - n / 2
end
local allowed, rate_next = want < MOST and want or MOST, -1
if CFG_RATE > 0 and allowed > 0 then
    unusual = unusual or make_unusual()
    allowed, rate_next = unusual.rate(allowed)
end
local room = allowed
if room > 0 and ARGV[4] == '0' then
    local s = call('ZPOPMIN', '@P@queue:suspect')
    if s[1] then
        list[n + 1], list[n + 2] = s[1], s[2]
        n = n + 2
        room = room - 1
    end
end
if room > 0 then
    local popped = call('ZPOPMIN', '@P@queue:wait', room)
    if n == 0 then
        list, n = popped, #popped
    else
        for i = 1, #popped do
            list[n + i] = popped[i]
        end
        n = n + #popped
    end
    room = room - #popped / 2
end

local reply, size = {-1, 0, 0}, 3
local leases, nleases = {}, 0
local channels, jobs, nchannels = {}, {}, 0
local deadline, now_text = text('%d', now + CFG_LEASE_MS), text('%d', now)
for i = 1, n, 2 do
    local fid, score = list[i], list[i + 1]
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'state', 'job', 'joined', 'attempts', 'lost')
    local job = t[2]
    local j = {}
    local usual = t[1] == 'waiting' and not t[3] and not t[4] and not t[5]
    if usual then -- the first attempt, one job of one file
        local job_key = '@P@job:status:' .. job
        j = call('HMGET', job_key, 'status', 'version', 'files', 'userId',
                 'requestId', 'traceparent', 'tracestate', 'attempt')
        usual = j[1] == 'queued' and not j[3] and not j[8]
        if usual then
            local version = j[2] == '1' and '2'
                or text('%d', (j[2] or 0) + 1)
            call('HSET', job_key, 'status', 'processing',
                 'version', version, 'startedAt', now_text, 'attempt', '1')
            call('HSET', key, 'state', 'active', 'fence', fence,
                 'worker', worker, 'score', score)
            nchannels = nchannels + 1
            channels[nchannels] = '@P@job:' .. job
            jobs[nchannels] = {job, version}
            if j[4] then
                nchannels = nchannels + 1
                channels[nchannels] = '@P@user:' .. j[4]
                jobs[nchannels] = jobs[nchannels - 1]
            end
            reply[size + 3], reply[size + 4], reply[size + 5] = 1, 0, 0
        end
    end
    if not usual then
        unusual = unusual or make_unusual()
        local attempt, settled
        attempt, settled, job, j = unusual.take(fid, key, score, worker,
                                                fence)
        usual = attempt
        reply[size + 3], reply[size + 4], reply[size + 5] =
            attempt, t[5] or 0, settled
    end
    if usual then
        reply[size + 1], reply[size + 2], reply[size + 6] = fid, fence, job
        reply[size + 7], reply[size + 8], reply[size + 9] =
            j[5] or '', j[6] or '', j[7] or ''
        size = size + 9
        leases[nleases + 1], leases[nleases + 2] = deadline, fid
        nleases = nleases + 2
    end
end
if nleases > 0 then
    call('ZADD', '@P@queue:lease', unpack(leases))
end
if nleases > 0 or unusual then
    -- for admission: what counts against DLJobMaxQueue without waiting
    call('MSET', '@P@queue:fence', fence, '@P@queue:busy',
         call('ZCARD', '@P@queue:lease') + call('ZCARD', '@P@queue:delayed')
         + call('ZCARD', '@P@queue:suspect'))
end
if nchannels > 0 then
    local heard = call('PUBSUB', 'NUMSUB', unpack(channels))
    for i = 1, nchannels do
        if heard[2 * i] ~= 0 then
            unusual = unusual or make_unusual()
            call('PUBLISH', channels[i], unusual.message(jobs[i]))
        end
    end
end

-- The token goes on when work is left that somebody can take now.
if room <= 0 and rate_next < 0
    and (call('ZCARD', '@P@queue:wait') > 0 or ARGV[4] == '0'
         and call('ZCARD', '@P@queue:suspect') > 0) then
    reply[3] = 1
    if call('LLEN', '@P@queue:wake') == 0 then
        call('LPUSH', '@P@queue:wake', '1')
    end
end
-- When to look next, for a worker that has room left
if room > 0 or rate_next >= 0 then
    local next_ms = rate_next
    for _, zset in ipairs({'@P@queue:delayed', '@P@queue:lease'}) do
        local first = call('ZRANGE', zset, 0, 0, 'WITHSCORES')
        local ms = first[2] and first[2] - now
        if ms and (next_ms < 0 or ms < next_ms) then
            next_ms = ms < 1 and 1 or ms
        end
    end
    reply[1] = next_ms
end
if unusual then
    unusual.rate(0, (room < allowed) and allowed - room or 0)
    unusual.count_all()
    unusual.publish()
end
return reply
