-- SPDX-License-Identifier: Apache-2.0
-- Part of complete.lua: what its tasks tell about durations. p75 by
-- stochastic approximation; tasks per second while there is work, by an
-- exponential average of 30 s whose weight makes up for its beginning: an
-- idle gap counts as one duration. Histogram and sums beside them.
local p75, rate, weight, last
local kept = call('GET', '@P@stats:estimate')
if kept then
    p75, rate, weight, last = string.match(kept,
                                           '^(%S+) (%S+) (%S+) (%S+)$')
end
p75 = tonumber(p75) or durations[1]
rate, weight, last = tonumber(rate) or 0, tonumber(weight) or 0,
    tonumber(last) or now

local sum, buckets = 0, {}
for i = 1, ndurations do
    local d, bound = durations[i], 100
    local step = p75 * 0.05 > 1 and p75 * 0.05 or 1
    if d > p75 then
        p75 = p75 + step * 0.75
    elseif d < p75 then
        p75 = p75 - step * 0.25
    end
    sum = sum + d
    while bound < d and bound < 819200 do
        bound = bound * 2
    end
    if bound < d then
        bound = 'inf'
    end
    buckets[bound] = (buckets[bound] or 0) + 1
end

local gap, most = now - last, p75 > 1000 and p75 or 1000
gap = gap < 0 and 0 or gap > most and most or gap
local decay = math.exp(-gap / 30000)
rate, weight = rate * decay + ndurations / 30, weight * decay + 1 - decay
call('MSET', '@P@stats:estimate',
     string.format('%.1f %.6f %.6f %d', p75, rate, weight, now),
     '@P@stats:p75', string.format('%.0f', p75))
if weight > 0 then
    call('SET', '@P@stats:rate', string.format('%.6f', rate / weight))
end
call('HINCRBY', '@P@stats:engine', 'tasks', ndurations)
call('HINCRBY', '@P@stats:engine', 'task_ms', sum)
for bound, times in pairs(buckets) do
    call('HINCRBY', '@P@stats:engine', 'le:' .. bound, times)
end
