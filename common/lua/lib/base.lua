-- SPDX-License-Identifier: Apache-2.0
-- What every script begins with. All time is Redis' own.
local call = redis.call
local clock = call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now = (now_us - now_us % 1000) / 1000 -- ms
-- Microseconds have more digits than ".." keeps of a number: hand them to
-- call() as numbers, or through string.format('%.0f').
