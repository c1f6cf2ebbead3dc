-- SPDX-License-Identifier: Apache-2.0
-- A job whose files are wanted as one archive: when the last of them has
-- ended, a task of its own makes the archive, and its end is the job's.
--
-- The kind of archive begins the job's `set` ("zip:<hash>"). The task's id
-- lies beyond all file ids (those end at 2^53): 10^16 and a counter. The job
-- keeps it in `bundle`; among its files it does not stand, so nothing but
-- its end shows in the job.
--@include lib/base.lua
--@include lib/queue.lua

local function wants_bundle(set)
    return set and string.find(set, ':', 1, true)
end

-- Queues the archive of a job all of whose files have ended.
local function queue_bundle(job, key, priority)
    local id = '1' .. string.format('%016d', call('INCR', '@P@queue:bundles'))
    call('HSET', key, 'bundle', id, 'message', 'Making the archive')
    call('HSET', '@P@task:' .. id, 'state', 'waiting', 'job', job,
         'priority', priority)
    call('ZADD', '@P@queue:wait', score_of(priority), id)
    wake()
end
