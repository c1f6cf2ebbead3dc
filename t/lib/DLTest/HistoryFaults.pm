# SPDX-License-Identifier: Apache-2.0
# The faults of t/fault/history: workers are killed, stopped, told to end, cut
# off from Redis and lose replies; Redis is killed and stopped. What is done
# when is drawn by a seed, and written down.
#
#   my $faults = DLTest::HistoryFaults->new(stack => $stack, seed => $seed,
#                                           log => $log);
#   $faults->run(60);       # seconds; then all is well again
#   $faults->{count}        # { kill => 3, ... }
#
# Needs a DLTest::Stack with proxy => 'each'.
package DLTest::HistoryFaults;
use strict;
use warnings;

use DLTest::Wait qw(now_s wait_for);

# Of a worker: name => share
my @WORKER = (kill => 20, stop => 25, term => 10, cut => 20, away => 25);
my @SCRIPTS = qw(claim claim complete complete beat fail release);

sub new {
    my ($class, %args) = @_;
    my $self = bless { %args, queue => [], count => {} }, $class;
    my $stack = $self->{stack};
    $self->{workers} = [map { "w$_" } 1 .. $stack->{workers}];
    $self->{log}->note(what => 'up', name => $_, worker => $stack->pid($_))
        for @{ $self->{workers} };
    return $self;
}

sub between {
    my ($from, $to) = @_;
    return $from + rand($to - $from);
}

# To be done in so many seconds.
sub later {
    my ($self, $seconds, $do) = @_;
    push @{ $self->{queue} }, [now_s() + $seconds, $do];
    return;
}

sub run {
    my ($self, $seconds) = @_;
    my $end = now_s() + $seconds;
    srand $self->{seed};
    $self->later(between(0.5, 4), [worker => $_])
        for @{ $self->{workers} };
    $self->later(between(5, 10), ['redis']);
    $self->later(between(2, 5), ['httpd']);

    while (1) {
        @{ $self->{queue} } = sort { $a->[0] <=> $b->[0] }
            @{ $self->{queue} };
        my ($at, $do) = @{ $self->{queue}[0] };
        last if $at > $end;         # what is due later is healed
        shift @{ $self->{queue} };
        wait_for(sub { now_s() >= $at }, 'the next fault', $seconds + 30);
        my ($what, @args) = @$do;
        $self->$what(@args);
    }
    $self->heal;
    return;
}

sub note {
    my ($self, $what, $worker, %more) = @_;
    $self->{count}{$what}++;
    return $self->{log}->note(what => $what, name => $worker,
        defined $worker ? (worker => $self->{stack}->pid($worker)) : (),
        sent => now_s(), %more);
}

# ---- workers

sub worker {
    my ($self, $worker) = @_;
    my $dice = rand 100;
    my $stack = $self->{stack};
    return $self->died($worker) if !$stack->alive($worker);
    for (my $i = 0; $i < @WORKER; $i += 2) {
        my ($name, $share) = @WORKER[$i, $i + 1];
        return $self->$name($worker) if $dice < $share;
        $dice -= $share;
    }
    die "the shares are not a hundred\n";
}

# All is well with it for a while.
sub rest {
    my ($self, $worker) = @_;
    return $self->later(between(1, 6), [worker => $worker]);
}

# Nobody has told it to.
sub died {
    my ($self, $worker) = @_;
    $self->note('died', $worker);
    push @{ $self->{died} }, $worker;
    return $self->up($worker);
}

sub up {
    my ($self, $worker) = @_;
    $self->{stack}->start_part($worker, no_wait => 1);
    $self->note('up', $worker);
    return $self->rest($worker);
}

sub kill {
    my ($self, $worker) = @_;
    $self->note('kill', $worker);
    $self->{stack}->kill9($worker);
    return $self->later(between(0, 3), [up => $worker]);
}

sub term {
    my ($self, $worker) = @_;
    $self->note('term', $worker);
    $self->{stack}->signal($worker, 'TERM');
    return $self->later(0.1, [ended => $worker]);
}

sub ended {
    my ($self, $worker) = @_;
    return $self->{stack}->alive($worker)
        ? $self->later(0.1, [ended => $worker]) : $self->up($worker);
}

# Shorter and longer than its lease.
sub stop {
    my ($self, $worker) = @_;
    $self->note('stop', $worker);
    $self->{stack}->signal($worker, 'STOP');
    return $self->later(between(0.3, 7), [cont => $worker]);
}

sub cont {
    my ($self, $worker) = @_;
    $self->{stack}->signal($worker, 'CONT');
    $self->note('cont', $worker);
    return $self->rest($worker);
}

# A reply is lost, or a request.
sub cut {
    my ($self, $worker) = @_;
    my $how = rand() < 0.7 ? 'cut' : 'cut_before';
    my $script = $SCRIPTS[rand @SCRIPTS];
    $self->note($how, $worker, script => $script);
    $self->{stack}->proxy($worker)->$how(1 + int rand 3, 'EVALSHA', $script);
    return $self->rest($worker);
}

sub away {
    my ($self, $worker) = @_;
    my $how = rand() < 0.5 ? 'hold' : 'refuse';
    $self->note('away', $worker, how => $how);
    $self->{stack}->proxy($worker)->$how;
    return $self->later(between(0.3, 7), [back => $worker]);
}

sub back {
    my ($self, $worker) = @_;
    $self->{stack}->proxy($worker)->pass;
    $self->note('back', $worker);
    return $self->rest($worker);
}

# ---- httpd and Redis

sub httpd {
    my $self = shift;
    my $proxy = $self->{stack}->proxy('httpd');
    my $dice = rand;
    $self->note('httpd');
    $self->later(between(3, 8), ['httpd']);
    if ($dice < 0.3) {
        $proxy->refuse;
        return $self->later(between(0.1, 1.5), ['httpd_back']);
    }
    return $proxy->cut_before(1 + int rand 3, 'EVALSHA') if $dice < 0.5;
    return $proxy->cut(1 + int rand 3, 'EVALSHA',
                       rand() < 0.7 ? 'admit' : 'cancel');
}

sub httpd_back {
    my $self = shift;
    return $self->{stack}->proxy('httpd')->pass;
}

sub redis {
    my $self = shift;
    my $stack = $self->{stack};
    $self->note('redis-away');
    if (rand() < 0.6) {
        $stack->kill9('redis');
        return $self->later(between(0, 3), ['redis_up']);
    }
    $stack->signal('redis', 'STOP');
    return $self->later(between(0.2, 5), ['redis_cont']);
}

sub redis_up {
    my $self = shift;
    $self->{stack}->start_part('redis');
    return $self->redis_back;
}

sub redis_cont {
    my $self = shift;
    $self->{stack}->signal('redis', 'CONT');
    return $self->redis_back;
}

sub redis_back {
    my $self = shift;
    $self->note('redis-back');
    return $self->later(between(8, 18), ['redis']);
}

# ---- the end

sub heal {
    my $self = shift;
    my $stack = $self->{stack};
    my %open = map { ($_->[1][0] . ' ' . ($_->[1][1] // '')) => 1 }
        @{ $self->{queue} };

    $self->{queue} = [];
    if ($stack->alive('redis')) {
        $self->redis_cont;
    } else {
        $self->redis_up;
    }
    $self->httpd_back;
    for my $worker (@{ $self->{workers} }) {
        $stack->proxy($worker)->pass;
        $self->note('back', $worker) if $open{"back $worker"};
        if ($open{"ended $worker"}) {
            wait_for(sub { !$stack->alive($worker) }, "$worker ends");
        }
        if ($open{"up $worker"} || $open{"ended $worker"}) {
            $self->up($worker);
        } elsif ($stack->alive($worker)) {
            $self->cont($worker);
        } else {
            $self->died($worker);
        }
    }
    return;
}

1;
