#!lua flags=no-writes
-- SPDX-License-Identifier: Apache-2.0
-- The figures of the whole, for operators and /metrics.
--
-- No ARGV. Returns {now ms, paused, dead letters, webhooks waiting, workers
--   alive, their slots, their slots in use, ms that the oldest task has
--   waited, stats:engine's HGETALL, stats:estimate or nil, then per queue
--   (wait, suspect, delayed, lease): tasks of high, normal, low priority}
--
-- Costs the same whatever the backlog: the length of a queue is exact, the
-- priorities in one that is longer than SAMPLE are those of a random sample.
--@include lib/base.lua
local SAMPLE, HEAD, WORKERS, FRESH_MS = 300, 100, 1000, 30000
local PENALTY = {['0'] = 0, ['1'] = 60000000, ['2'] = 300000000} -- us
local oldest = now_us

-- Counts the tasks of a page by priority; a score of 0 has a task that is
-- being settled and waits for no one.
local function look(page, waits, n)
    for i = 1, #page, 2 do
        local priority = call('HGET', '@P@task:' .. page[i], 'priority')
        priority = PENALTY[priority] and priority or '1'
        n[priority] = n[priority] + 1
        local score = tonumber(page[i + 1])
        if waits and score > 0 and score - PENALTY[priority] < oldest then
            oldest = score - PENALTY[priority]
        end
    end
    return n
end

local function queue(name, waits)
    local zset, n = '@P@queue:' .. name, {['0'] = 0, ['1'] = 0, ['2'] = 0}
    local length = call('ZCARD', zset)
    if length <= SAMPLE then
        look(call('ZRANGE', zset, 0, -1, 'WITHSCORES'), waits, n)
        return n['0'], n['1'], n['2']
    end
    if waits then
        look(call('ZRANGE', zset, 0, HEAD - 1, 'WITHSCORES'), waits,
             {['0'] = 0, ['1'] = 0, ['2'] = 0})
    end
    look(call('ZRANDMEMBER', zset, SAMPLE, 'WITHSCORES'), waits, n)
    local high = math.floor(length * n['0'] / SAMPLE + 0.5)
    local low = math.floor(length * n['2'] / SAMPLE)
    return high, length - high - low, low
end

local alive, slots, busy = 0, 0, 0
for _, name in ipairs(call('ZRANGE', '@P@workers', '+inf', now - FRESH_MS,
                           'BYSCORE', 'REV', 'LIMIT', 0, WORKERS)) do
    local load = call('HGET', '@P@worker:' .. name, 'load') or ''
    alive = alive + 1
    slots = slots + (string.match(load, '"concurrency":(%d+)') or 0)
    busy = busy + (string.match(load, '"running":(%d+)') or 0)
end

local reply = {now, call('EXISTS', '@P@queue:paused'),
               call('ZCARD', '@P@queue:dead'),
               call('ZCARD', '@P@queue:hooks'), alive, slots, busy, 0,
               call('HGETALL', '@P@stats:engine'),
               call('GET', '@P@stats:estimate')}
for i, name in ipairs({'wait', 'suspect', 'delayed', 'lease'}) do
    local at = 8 + 3 * i
    reply[at], reply[at + 1], reply[at + 2] = queue(name, i <= 2)
end
reply[8] = (now_us - oldest) / 1000
return reply
