-- SPDX-License-Identifier: Apache-2.0
-- Further receivers of a job's webhook: a request that is answered with a job
-- which is there already may have a callbackUrl of its own.
--
-- The first one is the job's field callbackUrl; those from the second on
-- stand in job:callbacks:<job> by their number, and the field callbacks says
-- how many there are in all.
--@include lib/base.lua
local CALLBACKS_MAX = 16

-- A job that has ended tells all but the first.
local function call_back_more(job, status, last)
    call('EXPIRE', '@P@job:callbacks:' .. job, CFG_HOOK_TTL_S)
    for n = 2, tonumber(last) do
        call('ZADD', '@P@queue:hooks', now, job .. ':' .. status .. ':' .. n)
    end
end

-- Has a job tell this URL of its end, at once when it has ended. A URL that
-- the job knows is not told twice. Returns false when it has as many as it
-- may.
local function add_callback(job, status, url, base)
    local key, more = '@P@job:status:' .. job, '@P@job:callbacks:' .. job
    local j = call('HMGET', key, 'callbackUrl', 'callbacks')
    local n = 1
    if j[1] == url then
        return true
    elseif not j[1] then
        call('HSET', key, 'callbackUrl', url, 'base', base)
    else
        for _, known in ipairs(call('HGETALL', more)) do
            if known == url then
                return true
            end
        end
        n = (j[2] or 1) + 1
        if n > CALLBACKS_MAX then
            return false
        end
        call('HSET', more, n, url)
        call('HSET', key, 'callbacks', n)
        call('EXPIRE', more, 604800)
    end
    if status ~= 'queued' and status ~= 'processing' then
        call('EXPIRE', key, CFG_HOOK_TTL_S, 'GT')
        call('EXPIRE', '@P@job:files:' .. job, CFG_HOOK_TTL_S, 'GT')
        call('EXPIRE', more, CFG_HOOK_TTL_S)
        call('ZADD', '@P@queue:hooks', now,
             job .. ':' .. status .. (n > 1 and ':' .. n or ''))
    end
    return true
end
