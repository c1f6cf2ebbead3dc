#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Renews a worker's leases and writes its tasks' progress.
--
-- ARGV: worker, load (JSON, or '': no heartbeat), then per task: file id,
--   fence, progress (-1: none), message ('': none)
-- Returns per task 1, or 0: stale or no longer wanted, abort it.
--@include lib/base.lua
local A = ARGV
local text = string.format
local reply, n = {}, 0
local leases, nleases = {}, 0
local channels, changes, nchannels = {}, {}, 0
local deadline = text('%d', now + CFG_LEASE_MS)

-- Everything but the usual case: made when first needed
local function make_unusual()
--@include lib/beats.lua
    return {beat = beat, message = message, publish = publish}
end
local unusual

for i = 3, #A, 4 do
    local fid = A[i]
    local key = '@P@task:' .. fid
    local t = call('HMGET', key, 'fence', 'state', 'progress', 'job',
                   'joined')
    local alive, j = false, nil
    if t[1] == A[i + 1] and t[2] == 'active' and not t[5]
        and A[i + 3] == '' then -- one job, and nothing but progress
        local job_key = '@P@job:status:' .. t[4]
        local progress = tonumber(A[i + 2])
        progress = progress < 99 and progress or 99
        j = call('HMGET', job_key, 'status', 'version', 'files', 'userId')
        if j[1] == 'processing' and not j[3] then
            alive = true
            if progress > tonumber(t[3] or '0') then
                progress = text('%d', progress)
                local version = text('%d', (j[2] or 0) + 1)
                call('HSET', key, 'progress', progress)
                call('HSET', job_key, 'progress', progress,
                     'version', version)
                local change = {t[4], version}
                nchannels = nchannels + 1
                channels[nchannels] = '@P@job:' .. t[4]
                changes[nchannels] = change
                if j[4] then
                    nchannels = nchannels + 1
                    channels[nchannels] = '@P@user:' .. j[4]
                    changes[nchannels] = change
                end
            end
        end
    end
    if not alive and t[1] == A[i + 1] then
        unusual = unusual or make_unusual()
        alive = unusual.beat(fid, key, A[i + 2], A[i + 3])
    end
    n = n + 1
    reply[n] = alive and 1 or 0
    if alive then
        leases[nleases + 1], leases[nleases + 2] = deadline, fid
        nleases = nleases + 2
    end
end
for i = 1, nleases, 1000 do
    call('ZADD', '@P@queue:lease',
         unpack(leases, i, i + 999 < nleases and i + 999 or nleases))
end
if A[2] ~= '' then
    local key = '@P@worker:' .. A[1]
    call('HSET', key, 'load', A[2], 'at', now)
    call('PEXPIRE', key, 60000)
    call('ZADD', '@P@workers', now, A[1])
    call('ZREMRANGEBYSCORE', '@P@workers', '-inf', now - 3600000)
end
for from = 1, nchannels, 1000 do
    local heard = call('PUBSUB', 'NUMSUB', unpack(channels, from,
        from + 999 < nchannels and from + 999 or nchannels))
    for i = 2, #heard, 2 do
        if heard[i] ~= 0 then
            unusual = unusual or make_unusual()
            call('PUBLISH', heard[i - 1],
                 unusual.message(changes[from + i / 2 - 1]))
        end
    end
end
if unusual then
    unusual.publish()
end
return reply
