#!lua
-- SPDX-License-Identifier: Apache-2.0
-- An operator's second chance for a dead letter: a new job of the same user.
--
-- ARGV: job id (fresh), file id, then the job's further fields
-- Returns {1, job id}: queued; {2, job id}: such a job is under way already;
--   {0}: no such dead letter, or of an archive whose job is gone
--@include lib/base.lua
--@include lib/create.lua
local job, fid = ARGV[1], ARGV[2]
local dead = '@P@dead:' .. fid
if call('EXISTS', '@P@job:status:' .. job) == 1 then
    return {1, job} -- said before
end
local letter = call('HMGET', dead, 'userId', 'job')
local user, from = letter[1], letter[2]
if not user then
    call('ZREM', '@P@queue:dead', fid)
    return {0}
end

-- The archive of a job that failed: its files have ended, and a new job takes
-- them over. Returns the reply.
local function retry_bundle()
    local old = '@P@job:status:' .. from
    local shares = call('HGETALL', '@P@job:files:' .. from)
    local j = call('HMGET', old, 'files', 'set', 'progressSum', 'done',
                   'failed', 'total', 'priority')
    if #shares == 0 or not j[2] then
        return {0}
    end
    local key, files = '@P@job:status:' .. job, '@P@job:files:' .. job
    local set, n = {'status', 'processing', 'version', '1', 'createdAt', now,
                    'startedAt', now}, 8
    for i, name in ipairs({'files', 'set', 'progressSum', 'done', 'failed',
                           'total', 'priority'}) do
        if j[i] then
            set[n + 1], set[n + 2] = name, j[i]
            n = n + 2
        end
    end
    if user ~= '' then
        set[n + 1], set[n + 2] = 'userId', user
        n = n + 2
    end
    for i = 5, #ARGV do -- after fileId
        n = n + 1
        set[n] = ARGV[i]
    end
    call('HSET', key, unpack(set))
    for i = 1, #shares, 1000 do
        call('HSET', files,
             unpack(shares, i, i + 999 < #shares and i + 999 or #shares))
    end
    call('EXPIRE', key, JOB_TTL_S)
    call('EXPIRE', files, JOB_TTL_S)
    record(job, user, j[2])
    queue_bundle(job, key, j[7] or '1')
    count_all()
    publish()
    return {1, job}
end

if #fid > 16 then -- beyond all file ids
    call('DEL', dead)
    call('ZREM', '@P@queue:dead', fid)
    return retry_bundle()
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
