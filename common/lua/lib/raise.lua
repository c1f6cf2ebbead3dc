-- SPDX-License-Identifier: Apache-2.0
-- A task asked for again with a higher priority moves forward.
--@include lib/base.lua
--@include lib/queue.lua

-- state, had, score: the task's fields as they are ("1" is not stored).
local function raise(fid, state, had, score, priority)
    if priority >= (had or '1') then
        return
    end
    local key, better = '@P@task:' .. fid, score_of(priority)
    call('HSET', key, 'priority', priority)
    if state == 'waiting' then
        call('ZADD', '@P@queue:wait', 'XX', 'LT', better, fid)
    elseif score and better < tonumber(score) then
        call('HSET', key, 'score', better)
    end
end
