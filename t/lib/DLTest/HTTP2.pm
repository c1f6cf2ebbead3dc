# SPDX-License-Identifier: Apache-2.0
# Requests over HTTP/2, several on one connection: drives t/tools/http2-client.
#
#   my $h2 = DLTest::HTTP2->new('http://127.0.0.1:8080');
#   my $name = $h2->ask('a', '/page', prefer => 'wait=60');  # connection a
#   $h2->status($name);             # waits for the head
#   $h2->until($name, sub { $_[0]{text} =~ /completed/ }, 'the end');
#   $h2->reset($name);  $h2->stop;
#
# Of a request is known: head (hash), text, end, error.
package DLTest::HTTP2;
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Select ();
use IPC::Open2 qw(open2);
use JSON::PP ();
use DLTest::Wait qw(now_s);

my $TOOL = abs_path(dirname(__FILE__) . '/../../tools/http2-client');
my $json = JSON::PP->new->utf8->allow_nonref;

sub new {
    my ($class, $origin) = @_;
    my $self = bless { buf => '', asked => 0, seen => {} }, $class;
    $self->{pid} = open2($self->{out}, $self->{in}, $TOOL, $origin);
    $self->{in}->autoflush(1);
    return $self;
}

sub ask {
    my ($self, $connection, $path, @header) = @_;
    my $name = 'r' . $self->{asked}++;
    $self->{seen}{$name} = { text => '' };
    print { $self->{in} } join(' ', $connection, $name, $path, @header), "\n";
    return $name;
}

sub reset {
    my ($self, $name) = @_;
    print { $self->{in} } "reset $name\n";
    return;
}

sub take {
    my ($self, $line) = @_;
    my ($name, $what, $value) = split / /, $line, 3;
    my $seen = $self->{seen}{$name};
    if ($what eq 'data') { $seen->{text} .= $json->decode($value) }
    elsif ($what eq 'head') { $seen->{head} = $json->decode($value) }
    else { $seen->{$what} = $value // 1 }
    return;
}

# Reads until $condition->(what is known of the request) holds.
sub until {
    my ($self, $name, $condition, $what, $seconds) = @_;
    my $deadline = now_s() + ($seconds // 60);
    while (!$condition->($self->{seen}{$name})) {
        my $left = $deadline - now_s();
        die "HTTP/2: waited in vain: $what\n" if $left <= 0;
        IO::Select->new($self->{out})->can_read($left) or next;
        sysread $self->{out}, $self->{buf}, 65536, length $self->{buf}
            or die "HTTP/2: the client has ended: $what\n";
        $self->take($1) while $self->{buf} =~ s/^(.*)\n//;
    }
    return $self->{seen}{$name};
}

# Its status; 0 when it ended without one.
sub status {
    my ($self, $name) = @_;
    my $seen = $self->until($name, sub { $_[0]{head} || $_[0]{error} },
                            'an answer');
    return $seen->{head} ? $seen->{head}{':status'} : 0;
}

sub header {
    my ($self, $name, $header) = @_;
    return $self->{seen}{$name}{head}{$header};
}

sub text {
    my ($self, $name) = @_;
    return $self->until($name, sub { $_[0]{end} || $_[0]{error} },
                        'the whole answer')->{text};
}

sub stop {
    my $self = shift;
    my $pid = delete $self->{pid} or return;
    close $self->{in};
    waitpid $pid, 0;
    return;
}

sub DESTROY { local $?; shift->stop; return }

1;
