# SPDX-License-Identifier: Apache-2.0
# An exec source for a DLTest::Stack: what it does for a file is a piece of
# shell that the test gives with the job.
#
#   my $exec = DLTest::Exec->new($stack);       # before $stack->start
#   my $job = $exec->run(70001, 'echo "progress 45" >&3; echo bytes');
#   my $job = $exec->submit(70002, '...');      # does not wait
#
# The pieces lie in $CASES, where they may leave files for the test too:
# "echo $$ > $CASES/pid-70002" is what pid_of('70002') reads. "gate NAME" waits
# there, without burning a core, while shut(NAME) holds and until go(NAME).
package DLTest::Exec;
use strict;
use warnings;

use Fcntl qw(LOCK_EX LOCK_UN);
use DLTest::Wait qw(wait_for);

sub new {
    my ($class, $stack) = @_;
    my $cases = $stack->dir . '/cases';
    mkdir $cases;
    $stack->own($cases);
    $stack->write_file('source', <<"EOT", 0755);
#!/bin/sh
CASES=$cases
gate() { flock -s $cases/gate-\$1 true; }
. $cases/case-\$1
EOT
    $stack->{conf} .= 'DLJobSource exec ' . $stack->dir
        . "/source %{file_id}\n";
    return bless { stack => $stack, cases => $cases, gates => {} }, $class;
}

# Lets nobody through a gate: to be called before a command comes to it.
sub shut {
    my ($self, @names) = @_;
    for my $name (@names) {
        my $path = $self->{stack}->write_file("cases/gate-$name", '', 0644);
        open my $gate, '+<', $path or die "$path: $!";
        flock $gate, LOCK_EX or die "$path: $!";
        $self->{gates}{$name} = $gate;
    }
    return;
}

sub go {
    my ($self, @names) = @_;
    flock delete $self->{gates}{$_}, LOCK_UN for @names;
    return;
}

# Admits a job for one file; dies unless it is accepted.
sub submit {
    my ($self, $file_id, $shell, %headers) = @_;
    my $stack = $self->{stack};
    # At once: a worker may already run it for somebody else.
    my $piece = $stack->write_file("cases/new-$file_id", "$shell\n");
    rename $piece, "$self->{cases}/case-$file_id" or die "case: $!";
    my $r = $stack->http->post_json($stack->api('/initiate'),
        { file_id => $file_id }, %headers);
    die "initiate: $r->{status} $r->{body}\n" if $r->{status} != 202;
    return $r->{json};
}

sub job {
    my ($self, $id) = @_;
    my $stack = $self->{stack};
    return $stack->http->get($stack->api("/status/$id"))->{json};
}

# The job when it has ended.
sub wait_job {
    my ($self, $id, $seconds) = @_;
    return wait_for(sub {
        my $job = $self->job($id);
        return $job->{status} =~ /^(?:completed|failed|cancelled)$/ && $job;
    }, "job $id ends", $seconds // 60);
}

sub run {
    my ($self, $file_id, $shell, %headers) = @_;
    return $self->wait_job(
        $self->submit($file_id, $shell, %headers)->{jobId});
}

# The answer to its link, as a client follows it.
sub download {
    my ($self, $job) = @_;
    my ($path) = ($job->{downloadUrl} // die "no link\n")
        =~ m{^(?:https?://[^/]+)?(/.*)};
    return $self->{stack}->http->get($path);
}

# The dead letter of a file.
sub dead {
    my ($self, $file_id) = @_;
    my %dead = $self->{stack}->redis->hash(
        $self->{stack}->key("dead:$file_id"));
    return \%dead;
}

# What a piece of shell wrote to $CASES/pid-NAME, or undef.
sub pid_of {
    my ($self, $name) = @_;
    open my $in, '<', "$self->{cases}/pid-$name" or return;
    my $line = <$in> // '';
    return $line =~ /^(\d+)\n/ ? $1 : undef;
}

# Whether that process runs. One that has ended does not, though whoever
# inherited it may take its time to bury it.
sub lives {
    my ($self, $name) = @_;
    my $pid = $self->pid_of($name) // return 0;
    open my $in, '<', "/proc/$pid/stat" or return 0;
    return (<$in> // '') =~ /\) [^ZX] / ? 1 : 0;
}

sub working_folders {
    my $self = shift;
    return glob $self->{stack}->dir . '/spool/*/task-*';
}

# Objects of a file in the store, whatever attempt made them.
sub object_count {
    my ($self, $file_id) = @_;
    my @objects = glob $self->{stack}->dir . "/objects/files/$file_id.*";
    return scalar @objects;
}

# A part's log with what a rotation moved away.
sub logs {
    my ($self, $part) = @_;
    open my $in, '<', $self->{stack}->log_of($part) . '.1';
    local $/;
    return (defined fileno $in ? <$in> : '')
        . $self->{stack}->read_log($part);
}

1;
