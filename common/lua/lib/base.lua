-- SPDX-License-Identifier: Apache-2.0
-- What every script begins with. All time is Redis' own.
--
-- A call costs what it makes: a function, a table, a number turned into text.
-- So the usual case of a hot script stands at its top level, and everything
-- else, libraries included, in a function made where it is run: one that
-- stands before takes hold of every local it names. What goes to Redis as a
-- number is written with 17 digits each time; constants are text.
local call = redis.call
local clock = call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now = (now_us - now_us % 1000) / 1000 -- ms
-- Microseconds have more digits than ".." keeps of a number: hand them to
-- call() as numbers, or through string.format('%d').
