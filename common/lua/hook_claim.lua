#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Hands webhooks that are due to a worker, each under a lease; at most BOUND
-- at a time for one host, and one for a host that did not answer last.
--
-- ARGV: worker, how many, tries (after that many a hook is a dead letter)
-- Returns {next ms or -1, more, then per hook: hook, fence, tries with this
--   one, its URL, the job's HGETALL, its files' HGETALL}
--   more: something due is left, or has not been looked at: call again
--@include lib/hooks.lua
local LEASE_MS, BUSY_TTL_S = 30000, 120
local BOUND = 8
local LOOK_MS = 1000 -- when to look again at a host without room
local PARKED_MS = 3600000 -- far off, should hooks:host:<host> be lost
local LOOKED, HOSTS, SHARES = 64, 16, 2000
local text = string.format
local worker, want, tries = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local ends = text('%d', now + LEASE_MS)
local reply, size = {-1, 0}, 2
local handed, shares = 0, 0

local rooms = {}
local function room(host)
    if not rooms[host] then
        local busy = '@P@hooks:busy:' .. host
        call('ZREMRANGEBYSCORE', busy, '-inf', now)
        rooms[host] = (call('EXISTS', '@P@hooks:down:' .. host) == 1 and 1
                       or BOUND) - call('ZCARD', busy)
    end
    return rooms[host]
end

local function forget(hook)
    call('ZREM', '@P@queue:hooks', hook)
    call('DEL', tries_of(hook))
end

-- The host has no room: the hook waits in that host's own queue.
local function park(hook, host, due)
    call('ZADD', '@P@hooks:host:' .. host, due, hook)
    call('ZADD', '@P@hooks:hosts', 'NX', now + LOOK_MS, host)
    call('ZADD', '@P@queue:hooks', 'XX', now + PARKED_MS, hook)
end

local function take(hook, due)
    local job, state, n = string.match(hook, '^([^:]+):(%a+):?(%d*)$')
    if not job then
        call('ZREM', '@P@queue:hooks', hook)
        return
    end
    local job_key = '@P@job:status:' .. job
    local j = call('HMGET', job_key, 'callbackUrl', 'status', 'files')
    local url = j[1]
    if n ~= '' then
        url = call('HGET', '@P@job:callbacks:' .. job, n)
    end
    local host = url and string.match(url, '^%a+://([^/?#]+)')
    if not host or j[2] ~= state then
        count('hooks_lost') -- the job is gone
        return forget(hook)
    end
    host = string.lower(host)
    if room(host) < 1 then
        return park(hook, host, due)
    end
    local key = tries_of(hook)
    local h = call('HMGET', key, 'tried', 'fence')
    if tonumber(h[1] or 0) >= tries then
        -- the last one was interrupted, or DLJobWebhookRetry is shorter now
        return bury_hook(hook)
    end
    local tried = (h[1] or 0) + 1
    local fence = now_us
    if h[2] and tonumber(h[2]) >= fence then
        fence = h[2] + 1
    end
    fence = text('%d', fence)
    call('HSET', key, 'tried', tried, 'fence', fence, 'worker', worker,
         'host', host, 'at', now)
    call('EXPIRE', key, CFG_HOOK_TTL_S)
    call('ZADD', '@P@queue:hooks', 'XX', ends, hook)
    call('ZREM', '@P@hooks:host:' .. host, hook)
    call('ZADD', '@P@hooks:busy:' .. host, ends, hook)
    call('EXPIRE', '@P@hooks:busy:' .. host, BUSY_TTL_S)
    rooms[host] = rooms[host] - 1
    handed = handed + 1
    local files = {}
    if j[3] then
        files = call('HGETALL', '@P@job:files:' .. job)
        shares = shares + #files / 2
    end
    reply[size + 1], reply[size + 2], reply[size + 3] = hook, fence, tried
    reply[size + 4], reply[size + 5] = url, call('HGETALL', job_key)
    reply[size + 6] = files
    size = size + 6
end

local function full()
    return handed >= want or shares >= SHARES
end

-- Hooks that waited for their host, oldest first
local function from_host(host)
    local key = '@P@hooks:host:' .. host
    for _ = 1, LOOKED do
        if full() or room(host) < 1 then
            break
        end
        local popped = call('ZPOPMIN', key)
        local hook = popped[1]
        if not hook then
            break
        end
        local score = call('ZSCORE', '@P@queue:hooks', hook)
        local h = call('HGET', tries_of(hook), 'fence')
        if score and not (h and tonumber(score) > now) then
            take(hook, popped[2])
        end -- else it is being sent, or was
    end
    local left = call('ZCARD', key)
    if left == 0 then
        call('ZREM', '@P@hooks:hosts', host)
    else
        -- with room left: at once, by whoever comes next
        call('ZADD', '@P@hooks:hosts', 'XX',
             room(host) > 0 and now or now + LOOK_MS, host)
        if room(host) > 0 then
            reply[2] = 1
        end
    end
end

for _, host in ipairs(call('ZRANGEBYSCORE', '@P@hooks:hosts', '-inf', now,
                           'LIMIT', 0, HOSTS)) do
    from_host(host)
end
local due = {}
if not full() then
    due = call('ZRANGEBYSCORE', '@P@queue:hooks', '-inf', now, 'WITHSCORES',
               'LIMIT', 0, LOOKED)
    for i = 1, #due, 2 do
        if full() then
            reply[2] = 1
            break
        end
        take(due[i], due[i + 1])
    end
end
if #due == 2 * LOOKED or full() then
    reply[2] = 1
end
if reply[2] == 0 then
    for _, zset in ipairs({'@P@queue:hooks', '@P@hooks:hosts'}) do
        local first = call('ZRANGE', zset, 0, 0, 'WITHSCORES')
        local ms = first[2] and first[2] - now
        if ms and (reply[1] < 0 or ms < reply[1]) then
            reply[1] = ms < 1 and 1 or ms
        end
    end
end
count_all()
return reply
