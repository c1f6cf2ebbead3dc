-- SPDX-License-Identifier: Apache-2.0
-- Part of beat.lua: tasks with several jobs, jobs with several files,
-- messages, and jobs that are gone.
--@include lib/show.lua
--@include lib/waiter.lua
local OTHERS = 8 -- tasks per call whose further jobs are shown too
local others = 0

-- The fence is this claim's. Returns whether the worker shall go on.
local function beat(fid, key, progress, words)
    local t = call('HMGET', key, 'state', 'progress', 'job', 'joined',
                   'attempts', 'cursor')
    if t[1] == 'settling' then
        return true
    elseif t[1] ~= 'active' then
        return false
    end
    local had = tonumber(t[2] or '0')
    progress = tonumber(progress)
    progress = progress < 99 and progress or 99
    if progress > had then
        call('HSET', key, 'progress', progress)
    else
        progress = had
    end
    local attempt = (t[5] or 0) + 1
    local note = words ~= '' and words or nil
    local shown = show(t[3] or '', fid, 'processing', progress, attempt, nil,
                       note)
    if not shown then
        local job = t[4] and next_waiter(fid, key)
        if not job then
            call('DEL', key)
            call('ZREM', '@P@queue:lease', fid)
            return false
        end
        show(job, fid, 'processing', progress, attempt, nil, note)
    end
    if t[4] and others < OTHERS then
        others = others + 1
        local cursor = show_others(fid, t[6] or '0', 'processing', progress,
                                   attempt)
        if cursor ~= (t[6] or '0') then
            call('HSET', key, 'cursor', cursor)
        end
    end
    return true
end
