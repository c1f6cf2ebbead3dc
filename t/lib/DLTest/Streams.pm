# SPDX-License-Identifier: Apache-2.0
# Many streams at once: runs t/tools/streams and reads what it says.
#
#   my $streams = DLTest::Streams->new($stack, \@job_ids, '-r');
#   $streams->until(sub { $_[0]{open} == 2000 }, 'all are open');
#   $streams->seen->{terminal};  $streams->stop;
#   my $json = DLTest::Streams->measure($stack, \@job_ids, '-e', 'once');
package DLTest::Streams;
use strict;
use warnings;

use IPC::Open2 qw(open2);
use IO::Select ();
use JSON::PP qw(decode_json);
use DLTest::Wait qw(now_s);

sub tool {
    my ($stack) = @_;
    return "$stack->{build}/t/tools/streams";
}

# With -t: the port that speaks TLS.
sub port_for {
    my ($stack, @options) = @_;
    return grep({ $_ eq '-t' } @options) ? $stack->{tls_port} : $stack->port;
}

sub new {
    my ($class, $stack, $ids, @options) = @_;
    my $self = bless { seen => {}, buf => '' }, $class;

    $self->{pid} = open2($self->{out}, my $in, tool($stack), @options,
                         port_for($stack, @options), $stack->api);
    print {$in} "$_\n" for @$ids;
    close $in;
    return $self;
}

# Reads lines until $condition->(numbers) holds; dies after $seconds (60).
sub until {
    my ($self, $condition, $what, $seconds) = @_;
    my $deadline = now_s() + ($seconds // 60);
    while (!$condition->($self->{seen})) {
        my $left = $deadline - now_s();
        die "waited in vain: $what (" . $self->text . ")\n" if $left <= 0;
        IO::Select->new($self->{out})->can_read($left) or next;
        sysread $self->{out}, $self->{buf}, 65536, length $self->{buf}
            or die "streams has ended: $what (" . $self->text . ")\n";
        while ($self->{buf} =~ s/^(.*)\n//) {
            my $line = $1;
            $self->{seen} = { $line =~ /(\w+)=(\d+)/g };
        }
    }
    return $self->{seen};
}

sub text {
    my $self = shift;
    return join ' ', map { "$_=$self->{seen}{$_}" } sort keys %{ $self->{seen} };
}

sub seen { return shift->{seen} }

sub stop {
    my $self = shift;
    my $pid = delete $self->{pid} or return;
    kill TERM => $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY { local $?; shift->stop; return }

# Runs it to its end; what it has measured.
sub measure {
    my ($class, $stack, $ids, @options) = @_;
    my $pid = open2(my $out, my $in, tool($stack), @options,
                    port_for($stack, @options), $stack->api);
    print {$in} "$_\n" for @$ids;
    close $in;
    my @lines = <$out>;
    waitpid $pid, 0;
    die "streams @options: exit $?\n" if $?;
    return decode_json($lines[-1]);
}

1;
