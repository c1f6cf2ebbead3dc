#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Records what a worker has made and tells the jobs that wait for it.
--
-- ARGV: worker, then per task 11: file id, fence, key, size, filename, type,
--   sha256, etag, url, url's end in Unix seconds, duration in ms
--   (of a settled task the strings after the fence are empty)
-- Returns per task: 0 stale, 1 done, 2 recorded but more jobs wait (call
--   again), 4 nobody waits any more
--@include lib/base.lua
local OK = 1
local A = ARGV
local now_text = string.format('%d', now)
local reply, n = {}, 0
local freed, keys, nfreed = {}, {}, 0
local durations, ndurations = {}, 0
local channels, jobs, versions, nchannels = {}, {}, {}, 0
local completed = 0

-- Everything but the usual case: made when first needed
local function make_unusual()
--@include lib/settle.lua
--@include lib/unsettled.lua
    return {complete = complete, finish = finish, publish = publish,
            end_job = end_job, result = result, count_all = count_all,
            call_back_more = call_back_more}
end
local unusual

for at = 2, #A, 11 do
    local fid, fence = A[at], A[at + 1]
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'fence', 'state', 'job', 'joined')
    n = n + 1
    if t[1] ~= fence or t[2] ~= 'active' or t[4] then
        unusual = unusual or make_unusual()
        local outcome, fresh = unusual.complete(fid, fence, at)
        reply[n] = outcome
        if outcome == OK then
            nfreed = nfreed + 1
            freed[nfreed], keys[nfreed] = fid, key
        end
        if fresh then
            ndurations = ndurations + 1
            durations[ndurations] = tonumber(A[at + 10])
        end
    else -- one job waits
        local made, size, name, type, sum = A[at + 2], A[at + 3], A[at + 4],
            A[at + 5], A[at + 6]
        call('SET', '@P@result:file:' .. fid .. ':completed',
             fence .. '\n' .. made .. '\n' .. size .. '\n' .. name .. '\n'
             .. type .. '\n' .. sum .. '\n' .. A[at + 7],
             'EX', 'CFG_RESULT_TTL_S')
        ndurations = ndurations + 1
        durations[ndurations] = tonumber(A[at + 10])
        nfreed = nfreed + 1
        freed[nfreed], keys[nfreed] = fid, key
        reply[n] = OK

        local job = t[3]
        local job_key = '@P@job:status:' .. job
        local j = call('HMGET', job_key, 'status', 'version', 'userId',
                       'files', 'callbackUrl', 'createdAt')
        local waits = j[1] == 'processing' or j[1] == 'queued'
        if j[4] then
            unusual = unusual or make_unusual()
            unusual.end_job(job, fid, unusual.result(at))
        elseif waits then
            local text = j[2] == '2' and '3'
                or string.format('%d', (j[2] or 0) + 1)
            local user, active = j[3],
                '@P@job:active:file:' .. fid
            if name == '' or type == '' or sum == '' or A[at + 8] == '' then
                unusual = unusual or make_unusual()
                call('HSET', job_key, 'version', text,
                     unpack(unusual.result(at).fields))
            else
                call('HSET', job_key, 'version', text,
                     'status', 'completed', 'progress', '100',
                     'completedAt', now_text, 's3Key', made, 'size', size,
                     'filename', name, 'contentType', type, 'sha256', sum,
                     'presignedUrl', A[at + 8], 'urlExpires', A[at + 9])
            end
            call('EXPIRE', job_key,
                 j[5] and 'CFG_HOOK_TTL_S' or 'CFG_JOB_TTL_S')
            if user then
                active = active .. ':user:' .. user
                local mine = '@P@user:' .. user
                call('ZADD', '@P@user:jobs:' .. user, 'XX', j[6] or now_text,
                     job)
                nchannels = nchannels + 1
                channels[nchannels] = mine
                jobs[nchannels], versions[nchannels] = job, text
            end
            call('EXPIRE', active, 'CFG_RESULT_TTL_S')
            if j[5] then
                call('ZADD', '@P@queue:hooks', now_text,
                     job .. ':completed')
                local more = call('HGET', job_key, 'callbacks')
                if more then
                    unusual = unusual or make_unusual()
                    unusual.call_back_more(job, 'completed', more)
                end
            end
            completed = completed + 1
            nchannels = nchannels + 1
            channels[nchannels] = '@P@job:' .. job
            jobs[nchannels], versions[nchannels] = job, text
        end
    end
end

if nfreed > 0 then
    call('ZREM', '@P@queue:lease', unpack(freed))
    call('DEL', unpack(keys))
end
if completed > 0 then
    call('HINCRBY', '@P@stats:engine', 'completed', completed)
end
if nchannels > 0 then
    local heard = call('PUBSUB', 'NUMSUB', unpack(channels))
    for i = 1, nchannels do
        if heard[2 * i] ~= 0 then
            call('PUBLISH', channels[i], '{"jobId":"' .. jobs[i]
                 .. '","version":' .. versions[i] .. ',"reread":true}')
        end
    end
end
if ndurations > 0 then
--@include lib/estimate.lua
end
if unusual then
    unusual.count_all()
    unusual.publish()
end
return reply
