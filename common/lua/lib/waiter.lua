-- SPDX-License-Identifier: Apache-2.0
-- A task whose first job has gone gets another one of those that wait.
--@include lib/base.lua

-- Returns the new first job, or nil: nobody waits.
local function next_waiter(fid, key)
    for _ = 1, 1000 do
        local job = call('SPOP', '@P@task:jobs:' .. fid)
        if not job then
            return nil
        end
        local s = call('HGET', '@P@job:status:' .. job, 'status')
        if s == 'queued' or s == 'processing' then
            call('HSET', key, 'job', job)
            return job
        end
    end
end
