# SPDX-License-Identifier: Apache-2.0
# Clients that keep a stack busy from processes of their own.
#
#   my $load = DLTest::Load->new(stack => $stack, clients => 4,
#                                ids => sub { my ($client, $round) = @_; ... });
#   ...
#   my @seen = $load->stop;
#
# Each client in turn initiates a job (of the file ids() says, by default a
# new one each time) and asks for its status. Each of @seen is
# { at, took_s, what => 'initiate'|'status', status, job, code, retry };
# status is 0 when there was no answer at all. at is of DLTest::Wait::now_s.
package DLTest::Load;
use strict;
use warnings;

use File::Temp ();
use POSIX ();
use DLTest::Wait qw(now_s wait_for);

my $owner = $$;
my %running;

sub new {
    my ($class, %args) = @_;
    my $self = bless { clients => 4, timeout => 10, %args, pids => [] },
        $class;
    $self->{dir} = File::Temp->newdir('dlload-XXXXXXXX', TMPDIR => 1);
    $self->{ids} //= sub { 1_000_000 + $_[0] * 1_000_000 + $_[1] };
    for my $client (1 .. $self->{clients}) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            eval { $self->run($client); 1 } or print STDERR "# load: $@";
            POSIX::_exit(0);
        }
        $running{$pid} = 1;
        push @{ $self->{pids} }, $pid;
    }
    return $self;
}

sub run {
    my ($self, $client) = @_;
    my $stack = $self->{stack};
    my $http = $stack->http(timeout => $self->{timeout});
    my ($stopped, $round) = (0, 0);
    $SIG{TERM} = sub { $stopped = 1 };
    open my $out, '>>', "$self->{dir}/$client" or die "$!\n";
    $out->autoflush(1);

    while (!$stopped && getppid == $owner) {
        my $seen = note($out, 'initiate', sub { $http->post_json(
            $stack->api('/initiate'),
            { file_ids => [$self->{ids}->($client, $round++)] }) });
        note($out, 'status', sub {
            $http->get($stack->api("/status/$seen")) }) if $seen;
    }
    return;
}

# Does it, and writes down what came of it; the job's id.
sub note {
    my ($out, $what, $do) = @_;
    my $start = now_s();
    my $r = eval { $do->() } // { status => 0 };
    my $job = $r->{json}{jobId};
    print {$out} join("\t", now_s(), now_s() - $start, $what, $r->{status},
        $job // '', $r->{json}{errorCode} // '',
        $r->{headers}{'retry-after'} // ''), "\n";
    return $job;
}

# How many answers of a status were seen so far.
sub count {
    my ($self, $status) = @_;
    return scalar grep { $_->{status} == $status } $self->seen;
}

sub seen {
    my $self = shift;
    my @seen;
    for my $path (glob "$self->{dir}/*") {
        open my $in, '<', $path or die "$path: $!";
        while (my $line = <$in>) {
            next unless chomp $line;
            my %row;
            @row{qw(at took_s what status job code retry)} =
                split /\t/, $line, -1;
            push @seen, \%row if defined $row{retry};
        }
    }
    return sort { $a->{at} <=> $b->{at} } @seen;
}

sub stop {
    my $self = shift;
    kill TERM => @{ $self->{pids} };
    for my $pid (@{ $self->{pids} }) {
        wait_for(sub { waitpid $pid, POSIX::WNOHANG() }, 'a client ends');
        delete $running{$pid};
    }
    $self->{pids} = [];
    return $self->seen;
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
