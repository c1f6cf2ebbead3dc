-- SPDX-License-Identifier: Apache-2.0
-- Counters, kept in one small hash: count() notes, count_all() writes.
--@include lib/base.lua
local counted = {}

local function count(name, n)
    counted[name] = (counted[name] or 0) + (n or 1)
end

local function count_all()
    for name, n in pairs(counted) do
        call('HINCRBY', '@P@stats:engine', name, n)
    end
end
