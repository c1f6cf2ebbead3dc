-- SPDX-License-Identifier: Apache-2.0
-- The queues and the wake token.
--@include lib/base.lua

-- Puts the one token into queue:wake, for the next worker that waits.
local function wake()
    if call('LLEN', '@P@queue:wake') == 0 then
        call('LPUSH', '@P@queue:wake', '1')
    end
end

-- A score of queue:wait for the priority "0" (high), "1", "2" (low): bounded
-- penalties, so that nothing starves.
local function score_of(priority)
    return now_us + (priority == '0' and 0 or priority == '2' and 300000000
                     or 60000000)
end

-- Queues a task again where it stood. One that has lost a worker goes to
-- queue:suspect, from which no worker gets a second one.
local function enqueue(fid, score, lost)
    call('ZADD', lost and lost ~= '0' and '@P@queue:suspect'
                 or '@P@queue:wait', score or score_of('1'), fid)
end
