# SPDX-License-Identifier: Apache-2.0
# The clients of t/fault/history: processes with a DLTest::HistoryClient each.
#
#   my $clients = DLTest::HistoryClients->new(stack => $stack, n => 8,
#                                             seed => $seed, dir => $dir);
#   $clients->stop;
#
# The last quarter of them is anonymous.
package DLTest::HistoryClients;
use strict;
use warnings;

use POSIX ();
use DLTest::HistoryClient ();
use DLTest::HistoryLog ();
use DLTest::Wait qw(now_s wait_for);

my $owner = $$;
my %running;

sub new {
    my ($class, %args) = @_;
    my $self = bless { %args, began => now_s(), pids => [] }, $class;
    for my $n (1 .. $self->{n}) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            eval { $self->run($n); 1 } or print STDERR "# client $n: $@";
            POSIX::_exit($@ ? 1 : 0);
        }
        $running{$pid} = 1;
        push @{ $self->{pids} }, $pid;
    }
    return $self;
}

# Ends all; whether each ended well.
sub stop {
    my $self = shift;
    my $well = 1;
    kill TERM => @{ $self->{pids} };
    for my $pid (@{ $self->{pids} }) {
        wait_for(sub { waitpid $pid, POSIX::WNOHANG() }, 'a client ends', 90);
        $well = 0 if $?;
        delete $running{$pid};
    }
    return $well;
}

sub run {
    my ($self, $n) = @_;
    my $stopped = 0;
    $SIG{TERM} = sub { $stopped = 1 };
    my $client = DLTest::HistoryClient->new(
        %$self, user => $n > $self->{n} * 3 / 4 ? '' : "u$n",
        name => "c$n", log => DLTest::HistoryLog->new(
            "$self->{dir}/client-$n"));
    srand $self->{seed} * 1000 + $n;

    my $next = now_s();
    while (!$stopped && getppid == $owner) {
        $client->step;
        $next += 0.03 + rand 0.06;
        $next = now_s() if $next < now_s();
        wait_for(sub { $stopped || now_s() >= $next }, 'the next step');
    }
    return;
}

END {
    if ($$ == $owner) {
        my $status = $?;
        kill KILL => keys %running;
        waitpid $_, 0 for keys %running;
        $? = $status;
    }
}

1;
