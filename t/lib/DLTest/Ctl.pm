# SPDX-License-Identifier: Apache-2.0
# Runs dljobctl on the configuration of a DLTest::Stack.
#
#   my $ctl = DLTest::Ctl->new($stack);
#   my $r = $ctl->run('show', $job);            # waits for its end
#   $r->{status}  $r->{out}  $r->{err}
#   my $json = $ctl->json('stats');             # adds --json, decodes
#   my $p = $ctl->start('wait', $job);          # a DLTest::Process
#
# Further arguments of all calls: args => ['-D', '...'], env => {...}.
package DLTest::Ctl;
use strict;
use warnings;

use JSON::PP ();
use DLTest::Process ();

my $json = JSON::PP->new->utf8;

sub new {
    my ($class, $stack, %args) = @_;
    return bless { stack => $stack, args => [], env => {}, before => [],
                   conf => $stack->dir . '/worker.dljob', n => 0, %args },
        $class;
}

# The same with other arguments.
sub with {
    my ($self, %args) = @_;
    return bless { %$self, %args }, ref $self;
}

sub program { return shift->{stack}{build} . '/dljobctl/dljobctl' }

sub command {
    my ($self, @words) = @_;
    return [@{ $self->{before} }, $self->program, '-f', $self->{conf},
            @{ $self->{args} }, @words];
}

# Begins it; its output goes to files that finish() reads.
sub start {
    my ($self, @words) = @_;
    my $stem = $self->{stack}->dir . "/ctl-$$-" . ++$main::ctl_calls;
    my $p = DLTest::Process->new(name => "dljobctl @words",
        log => "$stem.out", stderr => "$stem.err", env => $self->{env},
        command => $self->command(@words));
    $p->{stem} = $stem;
    return $p;
}

sub slurp {
    open my $in, '<:raw', $_[0] or return '';
    local $/;
    return <$in> // '';
}

# Waits for the end of one that was started.
sub finish {
    my ($self, $p, $seconds) = @_;
    my $status = $p->wait_end($seconds // 60);
    my $r = { status => $status & 127 ? 128 + ($status & 127) : $status >> 8,
              out => slurp("$p->{stem}.out"), err => slurp("$p->{stem}.err") };
    unlink map { "$p->{stem}.$_" } qw(out err);
    return $r;
}

sub run {
    my ($self, @words) = @_;
    return $self->finish($self->start(@words));
}

# Its document, with the exit status as "-status"; dies when it is none.
sub json {
    my ($self, @words) = @_;
    my $r = $self->run(@words, '--json');
    my $document = eval { $json->decode($r->{out}) }
        // die "dljobctl @words: no JSON: $r->{out}$r->{err}\n";
    $document->{-status} = $r->{status};
    $document->{-err} = $r->{err};
    return $document;
}

1;
