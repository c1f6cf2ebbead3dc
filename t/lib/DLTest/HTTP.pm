# SPDX-License-Identifier: Apache-2.0
# A small HTTP/1.1 client that keeps its connection, tells how long an answer
# took, and sends hostile bytes as they are.
#
#   my $http = DLTest::HTTP->new(port => $port);
#   my $r = $http->get('/v1/download/status/x', 'X-User' => 'ann');
#   my $r = $http->post_json('/v1/download/initiate', { file_ids => [1] });
#   $r->{status}  $r->{reason}  $r->{headers}{'retry-after'}  $r->{body}
#   $r->{json}    (decoded when the type is JSON)  $r->{took_s}
#   my $r = $http->raw("GET / HTTP/1.1\r\n\r\n");    # undef: closed silently
#
# Header names are lower case in answers; repeated ones are joined by ", ".
# A failure to connect or a missed deadline dies.
package DLTest::HTTP;
use strict;
use warnings;

use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use DLTest::Stream ();
use DLTest::Wait qw(now_s);

our @ISA = ('DLTest::Stream');

my $json = JSON::PP->new->utf8->canonical;

# port; timeout => seconds for each answer (30); headers => sent with each.
sub new {
    my ($class, %args) = @_;
    return bless { host => '127.0.0.1', timeout => 30, headers => {},
                   %args, buf => '' }, $class;
}

sub connect {
    my $self = shift;
    $self->close;
    $self->{fh} = IO::Socket::INET->new(
        PeerAddr => $self->{host}, PeerPort => $self->{port},
        Timeout => $self->{timeout})
        or die "http: connect to $self->{port}: $@\n";
    $self->{fh}->blocking(0);
    $self->{connections}++;
    return;
}

sub close {
    my $self = shift;
    CORE::close delete $self->{fh} if $self->{fh};
    $self->{buf} = '';
    return;
}

# Whether the kept connection is there and the server has not closed it.
sub kept {
    my $self = shift;
    return $self->{fh} && $self->{buf} eq ''
        && !IO::Select->new($self->{fh})->can_read(0);
}

sub name { return 'http' }

# Up to and with $end, or undef when the connection ends before.
sub take_until {
    my ($self, $end, $deadline) = @_;
    my $at;
    while (($at = index $self->{buf}, $end) < 0) {
        $self->fill($deadline) or return;
    }
    return substr $self->{buf}, 0, $at + length $end, '';
}

sub take {
    my ($self, $n, $deadline) = @_;
    while (length $self->{buf} < $n) {
        $self->fill($deadline) or die "http: body cut short\n";
    }
    return substr $self->{buf}, 0, $n, '';
}

sub read_body {
    my ($self, $r, $head_only, $deadline) = @_;
    my $headers = $r->{headers};

    return '' if $head_only || $r->{status} =~ /^(?:1..|204|304)$/;
    if (($headers->{'transfer-encoding'} // '') eq 'chunked') {
        my $body = '';
        while (1) {
            my $line = $self->take_until("\r\n", $deadline)
                // die "http: body cut short\n";
            my ($hex) = $line =~ /^([0-9a-f]+)/i
                or die "http: not a chunk: $line\n";
            my $n = hex $hex;
            $body .= $self->take($n, $deadline);
            $self->take_until("\r\n", $deadline);
            return $body if !$n;
        }
    }
    return $self->take($headers->{'content-length'}, $deadline)
        if defined $headers->{'content-length'};
    1 while $self->fill($deadline);
    $headers->{connection} = 'close';
    return delete $self->{buf} // '';
}

# Reads one answer; undef when the server closes without one.
sub read_answer {
    my ($self, $head_only) = @_;
    my $deadline = now_s() + $self->{timeout};
    my $head;

    do {
        $head = $self->take_until("\r\n\r\n", $deadline);
        if (!defined $head) {
            $self->close;
            return;
        }
    } while $head =~ m{^HTTP/1\.1 100 };
    my ($first, @lines) = split /\r\n/, $head;
    my ($status, $reason) = $first =~ m{^HTTP/1\.[01] (\d\d\d) ?(.*)}
        or die "http: not an answer: $first\n";
    my $r = { status => $status, reason => $reason, headers => {} };
    for (@lines) {
        my ($name, $value) = /^([^:\s]+):\s*(.*?)\s*$/
            or die "http: not a header: $_\n";
        my $have = \$r->{headers}{ lc $name };
        $$have = defined $$have ? "$$have, $value" : $value;
    }
    $r->{body} = $self->read_body($r, $head_only, $deadline);
    $r->{took_s} = now_s() - $self->{start};
    $r->{json} = eval { $json->decode($r->{body}) }
        if ($r->{headers}{'content-type'} // '') =~ m{^application/.*json};
    $self->close if lc($r->{headers}{connection} // '') eq 'close';
    return $r;
}

# Any request. A Host header is added, and Content-Length to a body.
sub request {
    my ($self, $method, $path, $headers, $body) = @_;
    my %headers = (Host => "$self->{host}:$self->{port}",
                   %{ $self->{headers} }, %{ $headers // {} });
    $headers{'Content-Length'} //= length $body if defined $body;
    my $head = join '', "$method $path HTTP/1.1\r\n",
        map { "$_: $headers{$_}\r\n" }
        grep { defined $headers{$_} } sort keys %headers;

    $self->{start} = now_s();
    $self->connect unless $self->kept;
    # closed early: there may be an answer to read
    $self->send_bytes("$head\r\n" . ($body // ''));
    return $self->read_answer($method eq 'HEAD')
        // die "http: $method $path: closed without an answer\n";
}

sub get {
    my ($self, $path, %headers) = @_;
    return $self->request('GET', $path, \%headers);
}

sub delete {
    my ($self, $path, %headers) = @_;
    return $self->request('DELETE', $path, \%headers);
}

sub post_json {
    my ($self, $path, $data, %headers) = @_;
    return $self->request('POST', $path,
        { 'Content-Type' => 'application/json', %headers },
        ref $data ? $json->encode($data) : $data);
}

# Sends bytes as they are on a new connection and reads one answer.
sub raw {
    my ($self, $bytes) = @_;
    $self->{start} = now_s();
    $self->connect;
    $self->send_bytes($bytes);
    return $self->read_answer;
}

1;
