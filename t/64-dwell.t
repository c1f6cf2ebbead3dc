# SPDX-License-Identifier: Apache-2.0
# A thread stays with a connection whose requests follow each other at once
# (mod_dljob/dljob_dwell.h); with worker and prefork that is so anyway.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(wait_for);

my $base = base();
my $log = var('t_logs') . '/access_log';
my $asked = 0;

# Sends so many requests over one connection; the threads that answered.
sub threads_of {
    my ($http, $path, $n) = @_;
    my ($from, $to) = ($asked + 1, $asked += $n);
    my %of;

    $http->get($path, 'X-Request-ID' => "dwell-$$-$_") for $from .. $to;
    wait_for(sub {
        open my $in, '<', $log or die "$log: $!";
        while (<$in>) {
            $of{$1} = $2 if /id=dwell-$$-(\d+) thread=(\S+)$/;
        }
        return exists $of{$to};
    }, 'the last request is in the log');
    return map { $of{$_} } $from .. $to;
}

# The longest row of requests with the same thread.
sub longest_row {
    my ($longest, $row, $last) = (0, 0, '');
    for my $thread (@_) {
        $row = $thread eq $last ? $row + 1 : 1;
        $longest = $row if $row > $longest;
        $last = $thread;
    }
    return $longest;
}

my $http = site('still');
my $job = initiate($http, { file_id => fresh_id() });
my @seen;
ok wait_for(sub {
       @seen = threads_of($http, "$base/status/$job->{jobId}", 60);
       return longest_row(@seen) >= 30;
   }, 'a row of 30 requests in one thread'), 'a busy connection has a thread'
    or diag join ' ', @seen;

# a client that keeps its connection and takes its time does not lose it
my $slow = site('still');
for my $n (1 .. 3) {
    is $slow->get("$base/status/$job->{jobId}")->{status}, 200,
        "request $n of one that waits";
    my $others = site('still');
    threads_of($others, "$base/status/$job->{jobId}", 20);
}

# errors and bodies that are not read end a connection as ever
my $odd = site('still');
for my $n (1 .. 5) {
    is $odd->get("$base/status/nobody-$n")->{status}, 404, "odd request $n";
    is $odd->post_json("$base/initiate", 'x' x 70_000)->{status}, 413,
        "too large $n";
}

done_testing;
