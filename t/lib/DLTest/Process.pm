# SPDX-License-Identifier: Apache-2.0
# A program that a test starts and ends by its pid. Whatever is still running
# when the test ends, for whatever reason, is killed then.
#
#   my $p = DLTest::Process->new(name => 'redis', log => "$dir/redis.log",
#                                command => ['redis-server', ...],
#                                user => 'nobody', env => { A => 'b' });
#                                # stderr => PATH: apart from the log;
#                                # before_exec => sub { ... }: in the child
#   $p->signal('STOP');  $p->stop;  $p->alive
package DLTest::Process;
use strict;
use warnings;

use POSIX ();
use DLTest::Wait qw(wait_for);

my %running;        # pid => process, of this very perl
my $owner = $$;

# Starts it; its output is appended to the log. As root, user is who runs it.
sub new {
    my ($class, %args) = @_;
    my $self = bless { %args }, $class;
    # A signal that comes before the program runs waits for it.
    my $signals = POSIX::SigSet->new(POSIX::SIGTERM(), POSIX::SIGINT(),
                                     POSIX::SIGHUP());
    my $before = POSIX::SigSet->new;
    POSIX::sigprocmask(POSIX::SIG_BLOCK(), $signals, $before);
    my $pid = fork // die "fork: $!";
    $self->child($before) if !$pid;
    POSIX::sigprocmask(POSIX::SIG_SETMASK(), $before);
    $self->{pid} = $pid;
    $running{$pid} = $self;
    return $self;
}

sub child {
    my ($self, $signals) = @_;
    my @command = @{ $self->{command} };

    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP PIPE);
    POSIX::sigprocmask(POSIX::SIG_SETMASK(), $signals);
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', $self->{log} or POSIX::_exit(126);
    if ($self->{stderr}) {
        open STDERR, '>>', $self->{stderr} or POSIX::_exit(126);
    } else {
        open STDERR, '>&', \*STDOUT;
    }
    %ENV = (%ENV, %{ $self->{env} // {} });
    umask $self->{umask} if defined $self->{umask};
    if ($> == 0 && $self->{user}) {
        my ($uid, $gid) = (getpwnam $self->{user})[2, 3];
        $( = $gid;
        $) = "$gid $gid";
        POSIX::setuid($uid) or POSIX::_exit(125);
    }
    chdir '/';
    $self->{before_exec}->() if $self->{before_exec};
    { no warnings 'exec'; exec { $command[0] } @command; }
    print "$command[0]: $!\n";
    POSIX::_exit(127);
}

sub pid { return shift->{pid} }

# Whether it runs; when it has ended, status() tells how.
sub alive {
    my $self = shift;
    return 0 if !$running{ $self->{pid} };
    return 1 if waitpid($self->{pid}, POSIX::WNOHANG()) == 0;
    $self->{status} = $?;
    delete $running{ $self->{pid} };
    return 0;
}

# Exit status as of $?; undef while it runs.
sub status { return shift->{status} }

sub signal {
    my ($self, $signal) = @_;
    kill $signal => $self->{pid} if $self->alive;
    return;
}

# Waits until it has ended by itself; its $?.
sub wait_end {
    my ($self, $seconds) = @_;
    wait_for(sub { !$self->alive }, "$self->{name} ends", $seconds);
    return $self->{status};
}

# SIGTERM (or another), and SIGKILL when that does not help in time. Its $?.
sub stop {
    my ($self, $signal, $seconds) = @_;
    $self->signal('CONT');
    $self->signal($signal // 'TERM');
    return $self->{status}
        if eval { $self->wait_end($seconds // 30); 1 };
    warn "# $self->{name} ignores SIG", $signal // 'TERM', "\n";
    $self->signal('KILL');
    return $self->wait_end;
}

# As a crash does it.
sub kill9 {
    my $self = shift;
    $self->signal('KILL');
    return $self->wait_end;
}

# run-tests ends a stage by SIGTERM: END must run.
$SIG{$_} //= sub { exit 1 } for qw(TERM INT HUP);

END {
    if ($$ == $owner) {
        my $status = $?;
        for my $process (values %running) {
            kill CONT => $process->{pid};
            kill TERM => $process->{pid};
        }
        for my $process (values %running) {
            eval { $process->wait_end(10); 1 } or $process->kill9;
        }
        $? = $status;
    }
}

1;
