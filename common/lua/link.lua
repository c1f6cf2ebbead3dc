#!lua
-- SPDX-License-Identifier: Apache-2.0
-- Keeps a newly signed link, so that it stays the same between signings.
-- The version stays: a link is no change of the job, and the terminal
-- version ends streams.
--
-- ARGV: job id, link, its end in Unix seconds
-- Returns 1 when kept.
local key = '@P@job:status:' .. ARGV[1]
if redis.call('HGET', key, 'status') ~= 'completed' then
    return 0
end
redis.call('HSET', key, 'presignedUrl', ARGV[2], 'urlExpires', ARGV[3])
return 1
