#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Drops what stands of objects that are gone from the store: their results,
-- and the place of a completed job as the answer for its files. Whoever asks
-- next has them prepared again. A result that names another key meanwhile is
-- left alone, and so is a job that no more answers.
--
-- ARGV: job id ('' none), then per object file id ('' an archive) and key
-- Returns how many results were dropped
local call = redis.call
local A = ARGV
local dropped = 0

if A[1] ~= '' then
    local j = call('HMGET', '@P@job:status:' .. A[1], 'status', 'fileId',
                   'set', 'userId')
    local scope = j[2] or j[3]
    if j[1] == 'completed' and scope then
        local active = '@P@job:active:file:' .. scope
            .. (j[4] and ':user:' .. j[4] or '')
        if call('GET', active) == A[1] then
            call('DEL', active)
        end
    end
end
for i = 2, #A, 2 do
    local key = '@P@result:file:' .. A[i] .. ':completed'
    local stored = A[i] ~= '' and call('GET', key)
    if stored and string.match(stored, '^[^\n]*\n([^\n]*)') == A[i + 1] then
        dropped = dropped + call('DEL', key)
    end
end
return dropped
