# SPDX-License-Identifier: Apache-2.0
# A client of server-sent events: opens a stream and hands out its events.
#
#   my $s = DLTest::EventStream->open($http, "$base/$id/stream", %headers);
#   $s->{status}; $s->{headers}{'content-type'};
#   my $event = $s->next;         # { event, id, retry, data, json, comment }
#   $s->ended;                    # waits until the server has ended it
#
# $http is a DLTest::HTTP; the stream has a connection of its own, from the
# address $http->{from} if it has one.
# open_narrow() is the same with a connection that takes little at a time, in
# small segments: the server's buffers stay small too.
package DLTest::EventStream;
use strict;
use warnings;

use IO::Select ();
use IO::Socket::INET ();
use Socket qw(IPPROTO_TCP PF_INET SOCK_STREAM SOL_SOCKET SO_RCVBUF
              TCP_MAXSEG inet_aton pack_sockaddr_in);
use JSON::PP ();
use DLTest::Wait qw(now_s);

my $json = JSON::PP->new->utf8;

sub open {
    my ($class, $http, $path, %headers) = @_;
    my $fh = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $http->{port}, Timeout => 60,
        LocalAddr => $http->{from})
        or die "stream: connect: $@\n";
    return $class->ask($fh, $http, $path, %headers);
}

sub open_narrow {
    my ($class, $http, $path, %headers) = @_;
    socket my $fh, PF_INET, SOCK_STREAM, 0 or die "stream: socket: $!\n";
    setsockopt $fh, SOL_SOCKET, SO_RCVBUF, 2048 or die "SO_RCVBUF: $!\n";
    setsockopt $fh, IPPROTO_TCP, TCP_MAXSEG, 536 or die "TCP_MAXSEG: $!\n";
    connect $fh, pack_sockaddr_in($http->{port}, inet_aton('127.0.0.1'))
        or die "stream: connect: $!\n";
    bless $fh, 'IO::Handle';
    return $class->ask($fh, $http, $path, %headers);
}

sub ask {
    my ($class, $fh, $http, $path, %headers) = @_;
    my $self = bless { fh => $fh, buf => '', timeout => 60, comments => 0 },
        $class;
    my %all = (Host => "127.0.0.1:$http->{port}",
               Accept => 'text/event-stream', Connection => 'close', %{ $http->{headers} },
               %headers);

    $self->{fh}->autoflush(1);
    print { $self->{fh} } "GET $path HTTP/1.1\r\n",
        (map { "$_: $all{$_}\r\n" } sort keys %all), "\r\n";
    my $head = $self->take("\r\n\r\n") // die "stream: no answer\n";
    my ($first, @lines) = split /\r\n/, $head;
    ($self->{status}) = $first =~ m{^HTTP/1\.1 (\d\d\d)}
        or die "stream: not an answer: $first\n";
    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*)$/ or next;
        $self->{headers}{ lc $name } = $value;
    }
    return $self;
}

# Reads more; 0 at the end, dies when nothing comes in time.
sub fill {
    my $self = shift;
    my $deadline = now_s() + $self->{timeout};
    while (1) {
        my $left = $deadline - now_s();
        die "stream: nothing in $self->{timeout} s\n" if $left <= 0;
        IO::Select->new($self->{fh})->can_read($left) or next;
        my $n = sysread $self->{fh}, my $more, 65536;
        return 0 if !$n;
        $self->{raw} .= $more;
        $self->{buf} .= $more;
        return 1;
    }
}

# Up to and with $end, or undef at the end of the stream.
sub take {
    my ($self, $end) = @_;
    my $at;
    while (($at = index $self->{buf}, $end) < 0) {
        $self->fill or return;
    }
    return substr $self->{buf}, 0, $at + length $end, '';
}

# The next block that is more than a comment, or undef at the end. Chunk
# sizes of a chunked answer are passed over.
sub next {
    my $self = shift;
    while (1) {
        my $block = $self->take("\n\n") // return;
        my %event;
        $block =~ s/^[0-9a-f]+\r\n|\r\n(?:[0-9a-f]+\r\n)?//gmi
            if ($self->{headers}{'transfer-encoding'} // '') eq 'chunked';
        for my $line (split /\n/, $block) {
            $self->{comments}++, next if $line =~ /^:/;
            my ($name, $value) = $line =~ /^(event|id|data|retry): (.*)$/
                or next;
            $event{$name} = $value;
        }
        next if !%event;
        $event{json} = $json->decode($event{data}) if defined $event{data};
        return \%event;
    }
}

# The next event with data.
sub job {
    my $self = shift;
    while (my $event = $self->next) {
        return $event if $event->{json};
    }
    return;
}

# All events with data to the end of the stream.
sub rest {
    my $self = shift;
    my @events;
    while (my $event = $self->job) {
        push @events, $event;
    }
    return @events;
}

# Reads until the server has ended the stream; 1.
sub ended {
    my $self = shift;
    1 while $self->fill;
    return 1;
}

# Reads several to their ends; when each ended, in seconds of now_s(), how
# many comments it had, and what its last line told the client to wait (undef:
# nothing).
sub ends {
    my ($class, @streams) = @_;
    my $select = IO::Select->new(map { $_->{fh} } @streams);
    my (%end, %of);
    $of{ $_->{fh} } = $_ for @streams;
    while ($select->count) {
        my @ready = $select->can_read(60) or die "streams: no end in 60 s\n";
        for my $fh (@ready) {
            next if $of{$fh}->fill;
            $end{$fh} = now_s();
            $select->remove($fh);
        }
    }
    return map { { at => $end{ $_->{fh} },
        comments => scalar(() = $_->{raw} =~ /^:\n/mg),
        retry_ms => $_->{raw}
            =~ /\nretry: (\d+)\n\n(?:\r\n0\r\n\r\n)?\z/ ? $1 : undef } }
        @streams;
}

sub close { my $self = shift; close delete $self->{fh}; return }

1;
