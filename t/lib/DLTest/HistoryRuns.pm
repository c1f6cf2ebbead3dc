# SPDX-License-Identifier: Apache-2.0
# What is promised of the runs of a file: part of DLTest::History, pure.
#
# A claim has a number, the fence, and holds until its lease runs out; the
# worker renews it three times in that time. So while a run lives, another of
# the same file may begin only when the worker of the first one
#
# - was killed, or told to end (it hands its files back then), or
# - could not renew for at least two thirds of the lease: stopped, or without
#   Redis, and has had no time since to do so, or
#
# when whoever waited for the file had cancelled it. The first one is fenced
# then: its outcome must never be seen.
package DLTest::HistoryRuns;
use strict;
use warnings;

# Two busy cores: what a process may be late.
my $LATE_S = 0.5;       # in losing its lease earlier than it should seem
my $BACK_S = 3;         # in renewing it after it is back
my $GONE_S = 10;        # in being killed after its worker

sub new {
    my ($class, $h, $events) = @_;
    my $self = bless { h => $h, run => {}, file => {}, gone => {},
                       redis => [], away => [], cancels => {} }, $class;
    my %open;

    for my $e (@$events) {
        my ($what, $worker) = ($e->{what}, $e->{worker} // '');
        if ($what eq 'start') {
            $self->{run}{ $e->{run} } = $e;
            push @{ $self->{file}{ $e->{file} } }, $e;
        } elsif ($what eq 'end') {
            my $run = $self->{run}{ $e->{run} };
            $run ? ($run->{ended} = $e)
                 : $self->bad('run %s ended and never began', $e->{run});
        } elsif ($what eq 'clock') {
            $self->{offset} //= $e->{real} - $e->{at};
        } elsif ($what =~ /^(?:kill|term)$/) {
            $self->{gone}{$worker} //= $e->{sent};
        } elsif ($what =~ /^(?:stop|away|redis-away)$/) {
            my $interval = $open{"$what $worker"} = [$e->{sent}, 9 ** 9 ** 9];
            push @{ $self->{ $what eq 'redis-away' ? 'redis' : 'away' } },
                [$worker, $interval];
        } elsif ($what =~ /^(?:cont|back|redis-back)$/) {
            my %begin = (cont => 'stop', back => 'away',
                         'redis-back' => 'redis-away');
            my $interval = delete $open{"$begin{$what} $worker"};
            $interval->[1] = $e->{at} if $interval;
        } elsif ($what eq 'cancel' && $e->{status} !~ /^40/) {
            # 503 too: it may have been done
            push @{ $self->{cancels}{ $e->{job} } }, $e if $e->{job};
        }
    }
    $self->index_cancels($events);
    return $self;
}

# Cancels by file, of whatever job.
sub index_cancels {
    my ($self, $events) = @_;
    my %files;
    for my $e (@$events) {
        $files{ $e->{job} } = $e->{files}
            if $e->{what} eq 'ask' && defined $e->{job};
    }
    for my $job (keys %{ $self->{cancels} }) {
        push @{ $self->{cancelled}{$_} }, @{ $self->{cancels}{$job} }
            for @{ $files{$job} // [] };
    }
    return;
}

sub bad {
    my ($self, @what) = @_;
    return DLTest::History::bad($self->{h}, @what);
}

sub of_file {
    my ($self, $file) = @_;
    return @{ $self->{file}{$file} // [] };
}

# When a run's claim was made: fences are microseconds of the host's clock.
sub claimed {
    my ($self, $run) = @_;
    return $run->{at} if !defined $self->{offset};
    my $at = $run->{fence} / 1e6 - $self->{offset};
    return $at < $run->{at} ? $at : $run->{at};
}

# When a worker could not renew its leases. What lies so close together that
# it may not have come to it in between is one.
sub out_of {
    my ($self, $worker) = @_;
    return $self->{merged}{$worker} //= do {
        my @merged;
        my @out = map { $_->[1] } @{ $self->{redis} },
            grep { $_->[0] eq $worker } @{ $self->{away} };
        for my $next (sort { $a->[0] <=> $b->[0] } @out) {
            my $last = $merged[-1];
            if ($last && $next->[0]
                < $last->[1] + $self->{h}{lease_s} / 3 + $BACK_S / 2) {
                $last->[1] = $next->[1] if $next->[1] > $last->[1];
            } else {
                push @merged, [@$next];
            }
        }
        \@merged;
    };
}

sub was_cancelled {
    my ($self, $file, $from, $to) = @_;
    return grep { $_->{sent} < $to && ($_->{at} // $to) > $from }
        @{ $self->{cancelled}{$file} // [] };
}

sub was_gone {
    my ($self, $run, $at) = @_;
    my $gone = $self->{gone}{ $run->{worker} };
    return $run->{worker} == 1 || defined $gone && $gone < $at + $LATE_S;
}

# ---- the checks

sub check {
    my $self = shift;
    for my $file (sort keys %{ $self->{file} }) {
        my @runs = sort { $a->{fence} <=> $b->{fence} || $a->{at} <=> $b->{at} }
            $self->of_file($file);
        for my $i (0 .. $#runs) {
            $self->check_end($runs[$i]);
            for my $k ($i + 1 .. $#runs) {
                $self->check_pair(@runs[$i, $k]);
            }
        }
    }
    return;
}

# A run goes with its worker.
sub check_end {
    my ($self, $run) = @_;
    my $gone = $self->{gone}{ $run->{worker} } // return;
    my ($last) = sort { $b <=> $a } $run->{at},
        $run->{ended} ? $run->{ended}{at} : (),
        map { $_->{at} } grep { my $other = $_;
            grep { $_ eq $run->{run} } @{ $other->{alive} } }
        $self->of_file($run->{file});
    $self->bad('run %s has outlived its worker by %.1f s', $run->{run},
               $last - $gone) if $last > $gone + $GONE_S;
    return;
}

sub overlap {
    my ($one, $two) = @_;
    return 1 if grep { $_ eq $two->{run} } @{ $one->{alive} };
    return 1 if grep { $_ eq $one->{run} } @{ $two->{alive} };
    return $one->{ended} && $two->{ended} && $one->{at} < $two->{ended}{at}
        && $two->{at} < $one->{ended}{at};
}

# Two runs of a file, in the order of their claims.
sub check_pair {
    my ($self, $one, $two) = @_;
    my $claimed = $self->claimed($two);
    my $since = $self->claimed($one);

    return $self->bad('runs %s and %s have the same claim', $one->{run},
                      $two->{run}) if $one->{fence} == $two->{fence};
    return if $self->was_gone($one, $claimed)
        || $self->was_cancelled($one->{file}, $since, $claimed);
    my ($lease, $out) = ($self->{h}{lease_s}, $self->out_of($one->{worker}));
    if (overlap($one, $two)) {
        $self->bad('runs %s and %s of file %s lived at once, and the lease '
                   . 'of the first one had not run out', $one->{run},
                   $two->{run}, $one->{file})
            if !grep { $_->[0] + $lease * 2 / 3 - $LATE_S <= $claimed
                       && $claimed <= $_->[1] + $BACK_S } @$out;
    } elsif ($one->{ended} && !$one->{ended}{code}) {
        $self->bad('file %s was made by run %s, and again by run %s',
                   $one->{file}, $one->{run}, $two->{run})
            if !grep { $_->[0] <= $claimed
                       && $since <= $_->[1] + $BACK_S } @$out;
    }
    return;
}

# What is wrong with what a link gave, or nothing.
sub wrong_bytes {
    my ($self, $get) = @_;
    my @made = grep { $_->{ended} && !$_->{ended}{code}
                      && $_->{ended}{sha256} eq $get->{sha256} }
        $self->of_file($get->{file});

    return 'bytes that no run has made' if !@made;
    my $run = $made[0];
    return "the bytes of run $run->{run} before it had ended"
        if $run->{ended}{at} > $get->{at};
    # Once a result is recorded nobody claims the file; so who has claimed it
    # later did so before, and what came of the earlier claim was to be refused.
    my ($later) = grep { $_->{fence} > $run->{fence} }
        $self->of_file($get->{file});
    return "the bytes of run $run->{run}, which run $later->{run} had fenced"
        if $later;
    return "$get->{size} bytes, not $run->{ended}{size}"
        if $get->{size} != $run->{ended}{size};
    return;
}

1;
