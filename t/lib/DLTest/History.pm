# SPDX-License-Identifier: Apache-2.0
# Checks what clients, runs and an injector of faults have written down against
# what the engine promises. Pure: no process, no clock, no Redis.
#
#   my @violations = DLTest::History::check(\@events, lease_s => 4);
#
# Events are hashes; times are seconds of one clock for all. Of a request,
# "sent" is before and "at" after it, so what happened did so in between.
#
#   ask     sent at user files [id …] key status job state
#   see     sent at status job state files { id => state }   (final: the last)
#   cancel  sent at status job state
#   get     sent at status job file sha256 size (as loaded)
#   start   at run file fence attempt worker alive [run …]
#   end     at run code sha256 size
#   clock   at real: the host's clock, by which fences are made
#   kill term stop away  sent worker    (away: cannot reach Redis)
#   cont back            at worker
#   redis-away sent, redis-back at
#
# This file has what is promised of jobs; of runs: DLTest::HistoryRuns.
package DLTest::History;
use strict;
use warnings;

use DLTest::HistoryRuns ();

my %TERMINAL = map { $_ => 1 } qw(completed failed cancelled);
my %ALLOWED = (ask => { 200 => 1, 202 => 1, 503 => 1 },
               see => { 200 => 1, 503 => 1 },
               final => { 200 => 1 },
               cancel => { 200 => 1, 409 => 1, 503 => 1 },
               get => { 200 => 1 });

# What is promised and was not kept: a sentence each.
sub check {
    my ($events, %opt) = @_;
    my $h = { lease_s => 4, %opt, jobs => {}, keys => {}, bad => [] };
    my @events = sort { time_of($a) <=> time_of($b) } @$events;

    for my $e (@events) {
        my $allowed = $ALLOWED{ $e->{what} } or next;
        note($h, $e) if $allowed->{ $e->{status} };
        bad($h, '%s of %s was answered by %s', $e->{what},
            $e->{job} // join(',', @{ $e->{files} // [] }), $e->{status})
            if !$allowed->{ $e->{status} };
    }
    $h->{runs} = DLTest::HistoryRuns->new($h, \@events);
    $h->{runs}->check;
    check_job($h, $h->{jobs}{$_}) for sort keys %{ $h->{jobs} };
    check_keys($h);
    check_twins($h);
    return @{ $h->{bad} };
}

sub time_of { return $_[0]{at} // $_[0]{sent} }

sub bad {
    my ($h, $format, @args) = @_;
    push @{ $h->{bad} }, sprintf $format, @args;
    return;
}

sub job_of {
    my ($h, $id) = @_;
    return $h->{jobs}{$id} //= { id => $id, seen => [], cancels => [],
                                 gets => [], files => [] };
}

sub note {
    my ($h, $e) = @_;
    return if !defined $e->{job};
    my $job = job_of($h, $e->{job});

    if ($e->{what} eq 'ask') {
        $job->{acked} //= $e;
        $job->{user} = $e->{user};
        $job->{files} = [sort { $a <=> $b } @{ $e->{files} }];
        push @{ $h->{keys}{"$e->{user} $e->{key}"} }, $e
            if defined $e->{key};
    }
    push @{ $job->{cancels} }, $e if $e->{what} eq 'cancel';
    push @{ $job->{gets} }, $e if $e->{what} eq 'get';
    $job->{final} = $e if $e->{what} eq 'final';
    push @{ $job->{seen} }, $e if defined $e->{state};
    return;
}

# ---- one job

sub check_job {
    my ($h, $job) = @_;
    my $id = $job->{id};
    my ($ended) = grep { $TERMINAL{ $_->{state} } } @{ $job->{seen} };

    bad($h, 'job %s was acknowledged and has not ended', $id)
        if $job->{acked}
        && !($job->{final} && $TERMINAL{ $job->{final}{state} });
    return if !$ended;
    for my $seen (@{ $job->{seen} }) {
        next if $seen->{state} eq $ended->{state};
        bad($h, 'job %s was %s at %.3f and %s at %.3f', $id,
            $ended->{state}, $ended->{at}, $seen->{state}, $seen->{sent})
            if $TERMINAL{ $seen->{state} } || $seen->{sent} > $ended->{at};
    }
    for my $cancel (@{ $job->{cancels} }) {
        bad($h, 'job %s: its cancel was refused, and it is cancelled', $id)
            if $cancel->{status} == 409 && $ended->{state} eq 'cancelled';
    }
    bad($h, 'job %s was cancelled by nobody', $id)
        if $ended->{state} eq 'cancelled'
        && !grep { $_->{sent} <= $ended->{at} } @{ $job->{cancels} };
    check_files($h, $job, $ended) if $job->{acked};
    return;
}

# What became of each file of a job that has ended, and what its link gives.
sub check_files {
    my ($h, $job, $ended) = @_;
    my ($id, $runs) = ($job->{id}, $h->{runs});
    my $files = $job->{final}{files} // {};

    for my $file (@{ $job->{files} }) {
        my $state = @{ $job->{files} } == 1 ? $ended->{state}
            : $files->{$file} // '';
        my @ended = grep { $_->{ended} && $_->{ended}{at} <= $ended->{at} }
            $runs->of_file($file);
        bad($h, 'job %s: file %s is completed, and no run has made it', $id,
            $file)
            if $state eq 'completed' && !grep { !$_->{ended}{code} } @ended;
        bad($h, 'job %s: file %s failed, and no run has said so', $id, $file)
            if $state eq 'failed'
            && !grep { $_->{ended}{code} == 65 } @ended;
        bad($h, 'job %s: file %s is completed, and nobody could load it',
            $id, $file)
            if $state eq 'completed' && $job->{final}
            && $ended->{state} eq 'completed'
            && !grep { $_->{file} == $file } @{ $job->{gets} };
    }
    for my $get (@{ $job->{gets} }) {
        my $why = $runs->wrong_bytes($get) or next;
        bad($h, 'job %s: the link of file %s gave %s', $id, $get->{file},
            $why);
    }
    return;
}

# ---- several jobs

# A key of a user belongs to one job.
sub check_keys {
    my $h = shift;
    for my $key (sort keys %{ $h->{keys} }) {
        my %jobs = map { $_->{job} => 1 } @{ $h->{keys}{$key} };
        bad($h, 'key %s made %d jobs: %s', $key, scalar keys %jobs,
            join ', ', sort keys %jobs) if keys %jobs > 1;
    }
    return;
}

# A user has no second job for files that an active one of theirs is for:
# the first was acknowledged before the other was asked for, and seen active
# after that was acknowledged.
sub check_twins {
    my $h = shift;
    my %like;
    push @{ $like{ join ' ', $_->{user}, @{ $_->{files} } } }, $_
        for grep { $_->{acked} } values %{ $h->{jobs} };
    for my $twins (values %like) {
        my @jobs = sort { $a->{acked}{at} <=> $b->{acked}{at} } @$twins;
        for my $i (0 .. $#jobs) {
            for my $k ($i + 1 .. $#jobs) {
                my ($one, $two) = @jobs[$i, $k];
                next if $two->{acked}{sent} < $one->{acked}{at};
                bad($h, 'user %s had two jobs for the same files: %s and %s',
                    $one->{user}, $one->{id}, $two->{id})
                    if grep { !$TERMINAL{ $_->{state} }
                              && $_->{sent} > $two->{acked}{at} }
                    @{ $one->{seen} };
            }
        }
    }
    return;
}

1;
