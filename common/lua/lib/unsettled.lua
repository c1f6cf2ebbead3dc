-- SPDX-License-Identifier: Apache-2.0
-- Part of complete.lua: tasks with many jobs, settling ones, and claims that
-- are not what they were.
local STALE, MORE, CANCELLED = 0, 2, 4

-- Sent before? The result knows by whose claim it was made.
local function again(fid, fence)
    local r = call('GET', '@P@result:file:' .. fid .. ':completed')
    if not r then
        return CANCELLED
    end
    return string.sub(r, 1, #fence + 1) == fence .. '\n' and OK or STALE
end

-- What the arguments from at on describe
local function result(at)
    return fields_of({ok = true, key = A[at + 2], size = A[at + 3],
                      filename = A[at + 4], type = A[at + 5],
                      sha256 = A[at + 6], url = A[at + 8],
                      expires = A[at + 9]})
end

-- Returns the outcome, and whether this call has recorded a result.
local function complete(fid, fence, at)
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'fence', 'state', 'job', 'joined', 'code',
                   'error', 'retryable', 'attempts', 'result')
    local r, fresh, kept
    if not t[1] then
        return again(fid, fence)
    elseif t[1] ~= fence then
        return STALE
    elseif t[2] == 'active' then
        fresh = true
        r = result(at)
        kept = fence .. '\n' .. r.key .. '\n' .. r.size .. '\n' .. r.filename
            .. '\n' .. r.type .. '\n' .. r.sha256 .. '\n' .. A[at + 7]
        call('SET', '@P@result:file:' .. fid .. ':completed', kept,
             'EX', CFG_RESULT_TTL_S)
    elseif t[2] ~= 'settling' then
        return STALE
    elseif t[5] then
        r = {code = t[5], error = t[6], retryable = t[7], attempt = t[8]}
    else
        r = kept_result(t[9])
        r.url, r.expires = A[at + 8], A[at + 9]
    end
    if tell(fid, t[3], t[4], r) then
        return OK, fresh
    end
    if fresh then
        -- with its own copy of the result, which may expire meanwhile
        call('HSET', key, 'state', 'settling', 'job', '', 'result', kept)
    end
    return MORE, fresh
end
