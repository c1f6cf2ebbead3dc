# SPDX-License-Identifier: Apache-2.0
# The one place where tests wait: for a condition, with a deadline, never for
# a time alone.
package DLTest::Wait;
use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(clock_gettime nanosleep CLOCK_MONOTONIC);

our @EXPORT_OK = qw(wait_for now_s busy);

# Seconds of a clock that nobody sets.
sub now_s { return clock_gettime(CLOCK_MONOTONIC) }

# How many programs want to run for each processor, at least 1: bounds on time
# that hold on a machine of one's own are so many times larger.
sub busy {
    open my $in, '<', '/proc/loadavg' or return 1;
    my ($load) = split ' ', <$in>;
    my $processors = () = do { open my $cpus, '<', '/proc/cpuinfo' or return 1;
                               grep { /^processor/ } <$cpus> };
    my $share = $load / ($processors || 1);
    return $share > 1 ? $share : 1;
}

# Calls $condition until it returns something true, and returns that. Dies
# after $seconds (30) with what was waited for. Steps grow from 2 to 50 ms.
sub wait_for {
    my ($condition, $what, $seconds) = @_;
    my $deadline = now_s() + ($seconds // 30);
    my $step_ms = 2;

    while (1) {
        my $got = $condition->();
        return $got if $got;
        die "waited in vain: $what\n" if now_s() > $deadline;
        nanosleep($step_ms * 1_000_000);
        $step_ms = $step_ms * 2 > 50 ? 50 : $step_ms * 2;
    }
}

1;
