# SPDX-License-Identifier: Apache-2.0
# Drives t/tools/cutproxy: a proxy before Redis that loses replies.
#
#   my $proxy = DLTest::CutProxy->new(dir => $dir, name => 'worker',
#                                     server => "$dir/redis.sock");
#   $proxy->path;                        # what clients connect to
#   $proxy->cut(1, 'EVALSHA', 'claim');  # runs, but its reply is lost
#   $proxy->cut_before(1, 'EVALSHA');    # lost on the way there
#   $proxy->cut_each('EVALSHA', 'admit');  # every one, until pass
#   $proxy->hold;  $proxy->delay(300);  $proxy->refuse;  $proxy->pass;
#   $proxy->wait_cuts(1);                # until it has happened
package DLTest::CutProxy;
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::UNIX ();
use DLTest::Process ();
use DLTest::Wait qw(wait_for);

my $TOOL = abs_path(dirname(__FILE__) . '/../../tools/cutproxy');

# dir, name; server => path or port of Redis; user => who runs it.
sub new {
    my ($class, %args) = @_;
    my $self = bless { %args,
        path => "$args{dir}/$args{name}.sock",
        control => "$args{dir}/$args{name}.control" }, $class;
    $self->{process} = DLTest::Process->new(
        name => "cutproxy $args{name}", log => "$args{dir}/$args{name}.log",
        command => [$^X, $TOOL, @$self{qw(path server control)}]);
    $self->{fh} = wait_for(sub {
        die "cutproxy has ended, see $args{dir}/$args{name}.log\n"
            unless $self->{process}->alive;
        IO::Socket::UNIX->new(Peer => $self->{control});
    }, 'cutproxy listens');
    return $self;
}

sub path { return shift->{path} }

sub say_to {
    my ($self, @words) = @_;
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{fh} } "@words\n";
    $self->{fh}->flush;
    my $answer = readline $self->{fh};
    die "cutproxy: @words: no answer\n" unless defined $answer;
    chomp $answer;
    die "cutproxy: @words: $answer\n" if $answer =~ /^unknown/;
    return $answer;
}

sub pass { return shift->say_to('pass') }
sub hold { return shift->say_to('hold') }
sub refuse { return shift->say_to('refuse') }
sub delay { my ($self, $ms) = @_; return $self->say_to('delay', $ms) }

# The Nth request from now that has all of these words.
sub cut {
    my ($self, $n, @words) = @_;
    return $self->say_to('cut', $n, @words);
}

sub cut_before {
    my ($self, $n, @words) = @_;
    return $self->say_to('cut-before', $n, @words);
}

# Each request that has all of these words, until another mode is set.
sub cut_each {
    my ($self, @words) = @_;
    return $self->say_to('cut-each', @words);
}

# { connections, requests, cuts } since it started.
sub stats {
    my $self = shift;
    return { split ' ', $self->say_to('stats') };
}

# Waits until so many cuts have happened since it started.
sub wait_cuts {
    my ($self, $n, $seconds) = @_;
    return wait_for(sub { $self->stats->{cuts} >= $n }, "$n cuts", $seconds);
}

sub stop {
    my $self = shift;
    return $self->{process}->stop;
}

1;
