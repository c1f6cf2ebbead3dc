-- SPDX-License-Identifier: Apache-2.0
-- Tells those who listen of the jobs this call has changed.
--
-- changed(job, user, version, again) notes one; publish(), at the script's
-- end, asks for the listeners of all of them at once and builds a message
-- only for a channel that has some. again: the listener has to read the hash
-- itself (a job of several files, or one that has ended); else the message is
-- the job body, without links, which httpd appends, and with "version" as its
-- second member, which it takes out.
local channels, changes, nchannels = {}, {}, 0

local function changed(job, user, version, again)
    local change = {job, version, again}
    nchannels = nchannels + 1
    channels[nchannels] = '@P@job:' .. job
    changes[nchannels] = change
    if user then
        nchannels = nchannels + 1
        channels[nchannels] = '@P@user:' .. user
        changes[nchannels] = change
    end
end

local function message(change)
    local job, version = change[1], change[2]
    local brief = '{"jobId":"' .. job .. '","version":' .. version
    if change[3] then
        return brief .. ',"reread":true}'
    end

    local flat = call('HGETALL', '@P@job:status:' .. job)
    local f = {}
    for i = 1, #flat, 2 do
        f[flat[i]] = flat[i + 1]
    end

    -- ISO 8601; the days by Howard Hinnant's civil_from_days
    local floor = math.floor
    local function iso(ms)
        local z = floor(ms / 86400000) + 719468
        local era = floor(z / 146097)
        local doe = z - era * 146097
        local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524)
                           - floor(doe / 146096)) / 365)
        local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
        local mp = floor((5 * doy + 2) / 153)
        local day = doy - floor((153 * mp + 2) / 5) + 1
        local month = mp < 10 and mp + 3 or mp - 9
        local year = yoe + era * 400 + (month <= 2 and 1 or 0)
        local rest = ms % 86400000
        return string.format('"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"',
            year, month, day, floor(rest / 3600000),
            floor(rest / 60000) % 60, floor(rest / 1000) % 60, rest % 1000)
    end

    local out, n = {brief}, 1
    local function number(name, value)
        if value and value ~= '' then
            n = n + 1
            out[n] = ',"' .. name .. '":' .. value
        end
    end
    local function time(name, value)
        if value and value ~= '' then
            number(name, iso(tonumber(value)))
        end
    end
    number('status', '"' .. (f.status or 'queued') .. '"')
    number('progress', f.progress or '0')
    number('totalFileIds', f.total or '1')
    number('fileId', f.fileId)
    number('retriesRemaining', f.retriesRemaining)
    number('attempt', f.attempt)
    time('nextAttemptAt', f.nextAttemptAt)
    time('createdAt', f.createdAt)
    time('startedAt', f.startedAt)
    if f.estimate and f.createdAt then
        time('estimatedCompletion', f.createdAt + f.estimate)
        number('estimatedTime', math.ceil(f.estimate / 1000))
    end
    if f.message and f.message ~= '' then
        number('message', cjson.encode(f.message))
    end
    return table.concat(out) .. '}'
end

local function publish()
    for from = 1, nchannels, 1000 do
        local to = from + 999 < nchannels and from + 999 or nchannels
        local heard = call('PUBSUB', 'NUMSUB', unpack(channels, from, to))
        for i = 2, #heard, 2 do
            if heard[i] ~= 0 and heard[i] ~= '0' then
                call('PUBLISH', heard[i - 1],
                     message(changes[from + i / 2 - 1]))
            end
        end
    end
end
