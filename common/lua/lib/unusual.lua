-- SPDX-License-Identifier: Apache-2.0
-- Admission but for the usual case: the body of a function of admit.lua, whose
-- locals it uses (found, used, elapsed, window_key …). Each layer and limit in
-- the contract's order.
--@include lib/create.lua
local IDEMPOTENT, DUPLICATE, IN_PROGRESS, REUSED = 1, 2, 3, 4
local KEY_REUSED, RATE_LIMITED, TOO_MANY, QUEUE_FULL, VERIFY = 5, 6, 7, 8, 9
local RECENT_MS, SEEN_S = 60000, 60
local RETRY_UNKNOWN_S, RETRY_MAX_S = 5, 60
local digest, list, verify = A[6], A[4], A[9] == '1'
local one = scope == list

local function left(spent) -- of the rate
    local room = CFG_RATE_LIMIT - spent
    return room > 0 and room - room % 1 or 0
end

local remaining = used and left(used) or -1
local reset = used and math.ceil((CFG_RATE_WINDOW_MS - elapsed) / 1000) or 0

local function refuse(outcome, seconds)
    count('refused_' .. outcome)
    count_all()
    if outcome == RATE_LIMITED then
        reset = seconds
    end
    return {outcome, now, remaining, reset, seconds, 0, 0}
end

local function accept(outcome, id, ahead, estimate)
    local hash = call('HGETALL', '@P@job:status:' .. id)
    local files = one and {} or call('HGETALL', '@P@job:files:' .. id)
    count_all()
    publish()
    return {outcome, now, remaining, reset, 0, ahead or 0, estimate or 0, id,
            hash, files}
end

-- Layer 1: the idempotency key
if found[8] then
    local id, sum = string.match(found[8], '^(%S+) (%S+)$')
    if id and sum ~= digest then
        return refuse(KEY_REUSED, 0)
    end
    if id and call('EXISTS', '@P@job:status:' .. id) == 1 then
        if id ~= job then
            count('dedupe_key')
        end
        return accept(id == job and NEW or IDEMPOTENT, id)
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

-- The objects of a completed job: file, key …
local function objects_of(id)
    local j = call('HMGET', '@P@job:status:' .. id, 's3Key', 'fileId')
    local objects = j[1] and {j[2] or '', j[1]} or {}
    local shares = one and {} or call('HGETALL', '@P@job:files:' .. id)
    for i = 1, #shares, 2 do
        local key = string.match(shares[i + 1], '^c[^\n]*\n([^\n]+)')
        if key then
            objects[#objects + 1] = shares[i]
            objects[#objects + 1] = key
        end
    end
    return objects
end

-- The caller is to look for these and to ask again; nil: there are none.
local function first_look(id, objects)
    return #objects > 0 and {VERIFY, now, -1, 0, 0, 0, 0, id, objects} or nil
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

-- Whether this caller's callbackUrl is told by the job too.
local function told_by(id, status)
    local url, base
    for i = FIELDS, #A, 2 do
        if A[i] == 'callbackUrl' then
            url = A[i + 1]
        elseif A[i] == 'base' then
            base = A[i + 1]
        end
    end
    return not url or add_callback(id, status, url, base or '')
end

if found[1] then
    local id = found[1]
    local j = call('HMGET', '@P@job:status:' .. id, 'status', 'createdAt',
                   'completedAt', 'failed', 'holders', 'priority')
    local status, outcome, look = j[1], nil, nil
    if id == job and status then
        outcome = NEW
    elseif status == 'queued' or status == 'processing' then
        outcome = now - j[2] < RECENT_MS and DUPLICATE or IN_PROGRESS
    elseif status == 'completed' then
        if now - j[2] < RECENT_MS then
            outcome = DUPLICATE
        elseif not j[4] and now - (j[3] or 0) < CFG_RESULT_TTL_S * 1000
            and results_stand() then
            outcome = REUSED
        end
        look = outcome and verify and first_look(id, objects_of(id))
    end
    if look then
        return look
    end
    -- a job with too many callbackUrls: this caller gets one of its own
    if outcome and (outcome == NEW or told_by(id, status)) then
        if idem ~= '' then
            call('SET', '@P@idempotency:' .. idem, id .. ' ' .. digest,
                 'EX', KEY_TTL_S)
        end
        if outcome ~= NEW and status ~= 'completed' then
            hold(id, j[5], j[6])
        end
        if outcome ~= NEW then
            count(outcome == DUPLICATE and 'dedupe_recent'
                  or 'dedupe_active')
        end
        return accept(outcome, id)
    end
end

if call('EXISTS', job_key) == 1 then
    return accept(NEW, job)
end

-- The rate
if used and used + 1 > CFG_RATE_LIMIT then
    local current, previous = tonumber(found[6] or 0), tonumber(found[7] or 0)
    local wait
    if current + 1 <= CFG_RATE_LIMIT then
        wait = CFG_RATE_WINDOW_MS
            * (1 - (CFG_RATE_LIMIT - 1 - current) / previous) - elapsed
    else
        local at = CFG_RATE_WINDOW_MS * (1 - (CFG_RATE_LIMIT - 1) / current)
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
            local ends = (j[2] + j[3] - now) / 1000
            first = (not first or ends < first) and ends or first
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

-- Whether any of the files has a task: mostly none, and then there are no
-- tasks to read.
local function tasks_known(ids)
    for i = 1, #ids, 500 do
        local names = {}
        for k = i, i + 499 < #ids and i + 499 or #ids do
            names[#names + 1] = '@P@task:' .. ids[k]
        end
        if call('EXISTS', unpack(names)) > 0 then
            return true
        end
    end
    return false
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
    local known = tasks_known(fids)
    for i, fid in ipairs(fids) do
        if not results[i] then
            tasks[i] = known and read_task(fid) or {}
            fresh = fresh + (tasks[i][1] and 0 or 1)
        end
    end
end

-- The archive is a task too
if wants_bundle(scope) then
    fresh = fresh + 1
end

-- The queue's bound, by the exact figures
if CFG_MAX_QUEUE > 0 and fresh > 0 then
    length = length + call('ZCARD', '@P@queue:delayed')
        + call('ZCARD', '@P@queue:lease') + call('ZCARD', '@P@queue:suspect')
    local over = length + fresh - CFG_MAX_QUEUE
    if over > 0 then
        return refuse(QUEUE_FULL, within(found[4] and over / found[4]
                                         or RETRY_UNKNOWN_S))
    end
end

-- Results that are to be reused
if verify then
    local objects = {}
    for i, fid in ipairs(fids or {list}) do
        local r = results[i] and parse_result(results[i])
        if r and r.key ~= '' then
            objects[#objects + 1] = fid
            objects[#objects + 1] = r.key
        end
    end
    local look = first_look('', objects)
    if look then
        return look
    end
end

-- Create
local estimate = estimate_of(found[3], found[4], length + fresh - 1)
local plain
if one then
    plain = create_one(job, user, list, found[2], tasks[1], priority, FIELDS,
                       estimate)
else
    plain = create_several(job, user, scope, fids, results, tasks, priority,
                           FIELDS, estimate)
end
if idem ~= '' then
    call('SET', '@P@idempotency:' .. idem, job .. ' ' .. digest, 'EX',
         KEY_TTL_S)
end
if used then
    call('SET', window_key, (found[6] or 0) + 1, 'PX', 2 * CFG_RATE_WINDOW_MS)
    remaining = left(used + 1)
end
if not plain then
    return accept(NEW, job, length, estimate)
end
count_all()
publish()
return {NEW, now, remaining, reset, 0, length, estimate or 0}
