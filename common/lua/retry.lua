#!lua
-- SPDX-License-Identifier: Apache-2.0
-- An operator's second chance for a dead letter: a new job of the same user.
--
-- ARGV: job id (fresh), file id, then the job's further fields
-- Returns {1, job id}: queued; {2, job id}: such a job is under way already;
--   {0}: no such dead letter
--@include lib/base.lua
--@include lib/create.lua
local job, fid = ARGV[1], ARGV[2]
local dead = '@P@dead:' .. fid
if call('EXISTS', '@P@job:status:' .. job) == 1 then
    return {1, job} -- said before
end
local user = call('HGET', dead, 'userId')
if not user then
    call('ZREM', '@P@queue:dead', fid)
    return {0}
end
local active = call('GET', '@P@job:active:file:' .. fid
                    .. (user ~= '' and ':user:' .. user or ''))
local status = active
    and call('HGET', '@P@job:status:' .. active, 'status')
call('DEL', dead)
call('ZREM', '@P@queue:dead', fid)
if status == 'queued' or status == 'processing' then
    return {2, active}
end
if user ~= '' then
    -- before the rest: what completes at once looks it up
    ARGV[#ARGV + 1] = 'userId'
    ARGV[#ARGV + 1] = user
end
create_one(job, user, fid, call('GET', '@P@result:file:' .. fid
                                .. ':completed'),
           read_task(fid), '1', 3, nil)
count_all()
publish()
return {1, job}
