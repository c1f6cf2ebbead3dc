#!lua
-- SPDX-License-Identifier: Apache-2.0
-- Admission: every layer and limit in one step, in the contract's order.
--
-- ARGV: job id (fresh), user ('' anonymous), scope (the file id, or the hash
--   of the set), file ids joined by commas, idempotency key ('' none; with
--   its user), payload digest, priority (0 high, 1, 2 low), rate id ('' no
--   limit), then the job's further fields as name, value …
-- Returns {outcome, now ms, rate remaining or -1, rate reset s, retry after
--   s, queue length, estimate ms or 0, job id, its HGETALL, its files'
--   HGETALL}; the last three only if the job is not simply new and queued.
--   Outcomes are those of dl_admit_e.
--
-- Sending it again with the same job id, after an answer was lost, changes
-- nothing: a job of that id that exists is the answer, whatever its state.
--@include lib/base.lua
--@include lib/create.lua
local NEW, IDEMPOTENT, DUPLICATE, IN_PROGRESS, REUSED = 0, 1, 2, 3, 4
local KEY_REUSED, RATE_LIMITED, TOO_MANY, QUEUE_FULL = 5, 6, 7, 8
local RECENT_MS, SEEN_S, KEY_TTL_S = 60000, 60, 86400
local RETRY_UNKNOWN_S, RETRY_MAX_S = 5, 60
local FIELDS = 9
local job, user, scope, list = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local idem, digest, priority, rated = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local one = scope == list
local jobkey = '@P@job:status:' .. job

local remaining, reset = -1, 0

local function refuse(outcome, seconds)
    count('refused_' .. outcome)
    count_all()
    if outcome == RATE_LIMITED then
        reset = seconds
    end
    return {outcome, now, remaining, reset, seconds, 0, 0}
end

local function accept(outcome, id, length, estimate)
    local key = '@P@job:status:' .. id
    local hash = call('HGETALL', key)
    local files = one and {} or call('HGETALL', '@P@job:files:' .. id)
    count_all()
    publish()
    return {outcome, now, remaining, reset, 0, length or 0, estimate or 0,
            id, hash, files}
end

-- What the string layers hold, in one call
local keys = {'@P@job:active:file:' .. scope
                  .. (user ~= '' and ':user:' .. user or ''),
              '@P@result:file:' .. scope .. ':completed',
              '@P@stats:estimate'}
local window_key, elapsed
if CFG_RATE_LIMIT > 0 and rated ~= '' then
    elapsed = now % CFG_RATE_WINDOW_MS
    local start = (now - elapsed) / 1000
    local stem = '@P@rate:limit:user:' .. rated .. ':window:'
    window_key = stem .. start
    keys[4] = window_key
    keys[5] = stem .. (start - CFG_RATE_WINDOW_MS / 1000)
end
if idem ~= '' then
    idem = '@P@idempotency:' .. idem
    keys[#keys + 1] = idem
end
local found = call('MGET', unpack(keys))
local used, current, previous
if window_key then
    current, previous = tonumber(found[4] or 0), tonumber(found[5] or 0)
    used = current
        + previous * (CFG_RATE_WINDOW_MS - elapsed) / CFG_RATE_WINDOW_MS
    remaining = math.floor(CFG_RATE_LIMIT - used)
    remaining = remaining > 0 and remaining or 0
    reset = math.ceil((CFG_RATE_WINDOW_MS - elapsed) / 1000)
end

-- Layer 1: the idempotency key
if idem ~= '' and found[#keys] then
    local id, sum = string.match(found[#keys], '^(%S+) (%S+)$')
    if id then
        if sum ~= digest then
            return refuse(KEY_REUSED, 0)
        end
        if call('EXISTS', '@P@job:status:' .. id) == 1 then
            if id ~= job then
                count('dedupe_key')
            end
            return accept(id == job and NEW or IDEMPOTENT, id)
        end
    end
end

local fids
if not one then
    fids = {}
    for fid in string.gmatch(list, '%d+') do
        fids[#fids + 1] = fid
    end
end

-- Layers 2 and 5: the same files asked for by the same user
local function results_stand()
    if one then
        return found[2]
    end
    for i = 1, #fids, 500 do
        local names = {}
        for k = i, i + 499 < #fids and i + 499 or #fids do
            names[#names + 1] = '@P@result:file:' .. fids[k] .. ':completed'
        end
        if call('EXISTS', unpack(names)) < #names then
            return false
        end
    end
    return true
end

-- One more anonymous caller holds the job; a higher priority moves it on.
local function hold(id, holders, had)
    if user == '' and call('SET', '@P@seen:' .. job, '1', 'NX', 'EX', SEEN_S)
    then
        call('HSET', '@P@job:status:' .. id, 'holders', (holders or 1) + 1)
    end
    if priority < (had or '1') then
        call('HSET', '@P@job:status:' .. id, 'priority', priority)
        for _, fid in ipairs(fids or {list}) do
            local t = read_task(fid)
            if t[1] then
                raise(fid, t[1], t[4], t[6], priority)
            end
        end
    end
end

if found[1] then
    local id = found[1]
    local j = call('HMGET', '@P@job:status:' .. id, 'status', 'createdAt',
                   'completedAt', 'failed', 'holders', 'priority')
    local status, outcome = j[1], nil
    if id == job and status then
        outcome = NEW
    elseif status == 'queued' or status == 'processing' then
        outcome = now - j[2] < RECENT_MS and DUPLICATE or IN_PROGRESS
        hold(id, j[5], j[6])
    elseif status == 'completed' then
        if now - j[2] < RECENT_MS then
            outcome = DUPLICATE
        elseif not j[4] and now - (j[3] or 0) < CFG_RESULT_TTL_S * 1000
            and results_stand() then
            outcome = REUSED
        end
    end
    if outcome then
        if idem ~= '' then
            call('SET', idem, id .. ' ' .. digest, 'EX', KEY_TTL_S)
        end
        if outcome ~= NEW then
            count(outcome == DUPLICATE and 'dedupe_recent' or 'dedupe_active')
        end
        return accept(outcome, id)
    end
end

if call('EXISTS', jobkey) == 1 then
    return accept(NEW, job)
end

-- The rate
if window_key and used + 1 > CFG_RATE_LIMIT then
    local at, wait
    if current + 1 <= CFG_RATE_LIMIT then
        at = CFG_RATE_WINDOW_MS
            * (1 - (CFG_RATE_LIMIT - 1 - current) / previous)
        wait = at - elapsed
    else
        at = CFG_RATE_WINDOW_MS * (1 - (CFG_RATE_LIMIT - 1) / current)
        wait = CFG_RATE_WINDOW_MS - elapsed + (at > 0 and at or 0)
    end
    local seconds = math.ceil((wait + 1) / 1000)
    return refuse(RATE_LIMITED, seconds > 1 and seconds or 1)
end

local function within(seconds)
    seconds = math.ceil(seconds)
    return seconds < 1 and 1 or seconds > RETRY_MAX_S and RETRY_MAX_S
        or seconds
end

-- The user's active jobs. A count that has reached the bound is checked job
-- by job: what has ended or vanished unnoticed is put right here.
local function user_is_full()
    local mine = '@P@user:jobs:' .. user
    local active = call('ZCOUNT', mine, ACTIVE, '+inf')
    if active < CFG_MAX_ACTIVE then
        return nil
    end
    local first
    local ids = call('ZRANGE', mine, ACTIVE, '+inf', 'BYSCORE', 'LIMIT', 0,
                     64)
    for _, id in ipairs(ids) do
        local j = call('HMGET', '@P@job:status:' .. id, 'status',
                       'createdAt', 'estimate')
        if not j[1] then
            call('ZREM', mine, id)
            active = active - 1
        elseif j[1] ~= 'queued' and j[1] ~= 'processing' then
            call('ZADD', mine, 'XX', j[2] or now, id)
            active = active - 1
        elseif j[2] and j[3] then
            local left = (j[2] + j[3] - now) / 1000
            first = (not first or left < first) and left or first
        end
    end
    return active >= CFG_MAX_ACTIVE and within(first or RETRY_UNKNOWN_S)
end

if CFG_MAX_ACTIVE > 0 and user ~= '' then
    local seconds = user_is_full()
    if seconds then
        return refuse(TOO_MANY, seconds)
    end
end

-- What each file needs
local results, tasks, fresh = {found[2]}, {}, 0
if one then
    tasks[1] = found[2] and {} or read_task(list)
    fresh = not found[2] and not tasks[1][1] and 1 or 0
else
    for i = 1, #fids, 500 do
        local names = {}
        for k = i, i + 499 < #fids and i + 499 or #fids do
            names[#names + 1] = '@P@result:file:' .. fids[k] .. ':completed'
        end
        for k, r in ipairs(call('MGET', unpack(names))) do
            results[i + k - 1] = r
        end
    end
    for i, fid in ipairs(fids) do
        if not results[i] then
            tasks[i] = read_task(fid)
            fresh = fresh + (tasks[i][1] and 0 or 1)
        end
    end
end

-- The queue's bound
local length = call('ZCARD', '@P@queue:wait')
if CFG_MAX_QUEUE > 0 and fresh > 0 then
    length = length + call('ZCARD', '@P@queue:delayed')
        + call('ZCARD', '@P@queue:lease') + call('ZCARD', '@P@queue:suspect')
    if length + fresh > CFG_MAX_QUEUE then
        local s, seconds = found[3], RETRY_UNKNOWN_S
        if s then
            local rate, weight = string.match(s, '^%S+ (%S+) (%S+) ')
            rate, weight = tonumber(rate), tonumber(weight)
            if rate > 0 then
                seconds = (length + fresh - CFG_MAX_QUEUE) * weight / rate
            end
        end
        return refuse(QUEUE_FULL, within(seconds))
    end
end

-- Create
local estimate = estimate_of(found[3], length + fresh - 1)
local plain
if one then
    plain = create_one(job, user, list, found[2], tasks[1], priority, FIELDS,
                       estimate)
else
    plain = create_several(job, user, scope, fids, results, tasks, priority,
                           FIELDS, estimate)
end
if idem ~= '' then
    call('SET', idem, job .. ' ' .. digest, 'EX', KEY_TTL_S)
end
if window_key then
    if call('INCR', window_key) == 1 then
        call('PEXPIRE', window_key, 2 * CFG_RATE_WINDOW_MS)
        if user ~= '' then
            call('ZREMRANGEBYSCORE', '@P@user:jobs:' .. user, '-inf',
                 now - JOB_TTL_S * 1000)
        end
    end
    remaining = math.floor(CFG_RATE_LIMIT - used - 1)
    remaining = remaining > 0 and remaining or 0
end
if not plain then
    return accept(NEW, job, length, estimate)
end
count_all()
publish()
return {NEW, now, remaining, reset, 0, length, estimate or 0}
