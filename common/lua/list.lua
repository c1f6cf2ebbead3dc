#!lua
-- SPDX-License-Identifier: Apache-2.0
-- A page of a user's jobs, newest first.
--
-- ARGV: user, limit, state ('' all), cursor ('' the first page; else
--   "createdAt:jobId" of the last job seen)
-- Returns {cursor of the next page or '', id, HGETALL, id, HGETALL …}.
-- Jobs that have expired are taken off the list on the way.
local ACTIVE = 10000000000000 -- what the scores of active jobs stand above
local LOOK = 300 -- jobs per call at most
local call = redis.call
local user, limit, state, cursor = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local mine = '@P@user:jobs:' .. user
local at, after = string.match(cursor, '^(%d+):(.+)$')
at = tonumber(at)

-- The two parts of the list, each newest first, as {created, id}
local function part(base, bottom)
    local flat = call('ZRANGE', mine, at and base + at or '+inf', bottom,
                      'BYSCORE', 'REV', 'LIMIT', 0, LOOK, 'WITHSCORES')
    local out = {}
    for i = 1, #flat, 2 do
        local created = flat[i + 1] - base
        if created < ACTIVE
            and not (created == at and flat[i] >= after) then
            out[#out + 1] = {created, flat[i]}
        end
    end
    return out
end

local active = part(ACTIVE, ACTIVE)
local ended = call('ZRANGE', mine, at or '(' .. ACTIVE, '-inf', 'BYSCORE',
                   'REV', 'LIMIT', 0, LOOK, 'WITHSCORES')
local rest = {}
for i = 1, #ended, 2 do
    local created = tonumber(ended[i + 1])
    if not (created == at and ended[i] >= after) then
        rest[#rest + 1] = {created, ended[i]}
    end
end

local function newer(a, b)
    return a[1] > b[1] or a[1] == b[1] and a[2] > b[2]
end

local reply, n, a, b, looked = {''}, 1, 1, 1, 0
local last
while looked < LOOK and (n - 1) / 2 < limit do
    local x, y = active[a], rest[b]
    if not x and not y then
        last = nil
        break
    end
    if x and (not y or newer(x, y)) then
        a = a + 1
    else
        x, b = y, b + 1
    end
    looked = looked + 1
    last = x
    local hash = call('HGETALL', '@P@job:status:' .. x[2])
    local status
    for i = 1, #hash, 2 do
        if hash[i] == 'status' then
            status = hash[i + 1]
            break
        end
    end
    if not status then
        call('ZREM', mine, x[2])
    elseif state == '' or state == status then
        reply[n + 1], reply[n + 2] = x[2], hash
        n = n + 2
    end
end
if last and (active[a] or rest[b]) then
    reply[1] = string.format('%.0f:%s', last[1], last[2])
end
return reply
