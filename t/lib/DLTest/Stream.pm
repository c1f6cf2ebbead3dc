# SPDX-License-Identifier: Apache-2.0
# What the clients of tests share: a socket that does not block, read and
# written by deadlines. A class that takes it as its base has fh, buf and
# timeout, and says by name() who complains.
package DLTest::Stream;
use strict;
use warnings;

use IO::Select ();
use DLTest::Wait qw(now_s);

sub name { return 'stream' }

# Sends it all; 0 when the other end does not take it any more.
sub send_bytes {
    my ($self, $bytes) = @_;
    my $deadline = now_s() + $self->{timeout};
    local $SIG{PIPE} = 'IGNORE';
    while (length $bytes) {
        my $n = syswrite $self->{fh}, $bytes;
        if (defined $n) {
            substr $bytes, 0, $n, '';
        } elsif ($!{EAGAIN}) {
            my $left = $deadline - now_s();
            die $self->name, ": cannot send\n" if $left <= 0;
            IO::Select->new($self->{fh})->can_write($left);
        } else {
            return 0;
        }
    }
    return 1;
}

# Reads more; 0 at the end of the connection.
sub fill {
    my ($self, $deadline) = @_;
    my $left = $deadline - now_s();
    die $self->name, ": no answer in $self->{timeout} s\n" if $left <= 0;
    # nothing: the time is up, or a signal came
    IO::Select->new($self->{fh})->can_read($left) or return 1;
    my $n = sysread $self->{fh}, $self->{buf}, 65536, length $self->{buf};
    return 1 if defined $n ? $n : $!{EAGAIN} || $!{EINTR};
    return 0;
}

1;
