# SPDX-License-Identifier: Apache-2.0
# An HTTP origin for the source `http` that does what origins do wrong: one
# process, thousands of connections. The file id in "/ID" says what happens,
# by its thousands (see %ACTS).
#
#   my $origin = DLTest::Origin->new(dir => $dir, other => $port);
#   $origin->url;                      # http://127.0.0.1:PORT
#   $origin->requests(21_000);         # headers of each, in order
#   DLTest::Origin::body(20_001);      # what a good answer holds
package DLTest::Origin;
use strict;
use warnings;

use Errno qw(EAGAIN EINTR);
use IO::Poll qw(POLLIN POLLOUT);
use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();
use DLTest::Wait qw(now_s);

my $json = JSON::PP->new->utf8->canonical;
my @children;
my $owner = $$;

# More than a store takes in one piece.
our $LARGE = 100 << 20;

# Bytes of a good answer: 3,000 and a bit, or as many as asked for.
sub body {
    my ($id, $size) = @_;
    return substr "file $id." x (($size // 3_333) / 10 + 1), 0,
        $size // 3_333;
}

sub answer {
    my ($status, $headers, $body) = @_;
    return join '', "HTTP/1.1 $status\r\n",
        (map { "$_: $headers->{$_}\r\n" } sort keys %$headers), "\r\n",
        $body // '';
}

sub ok {
    my ($body, %headers) = @_;
    return answer('200 OK', { 'Content-Length' => length $body,
                              'Content-Type' => 'text/csv', %headers },
                  $body);
}

# The rest of a body from where Range asks for it.
sub part {
    my ($body, $range, %headers) = @_;
    my ($from) = $range =~ /^bytes=(\d+)-$/;
    my $rest = substr $body, $from;
    my $last = length($body) - 1;
    return answer('206 Partial Content', {
        'Content-Length' => length $rest,
        'Content-Range' => "bytes $from-$last/" . length $body, %headers },
        $rest);
}

# Each gets ($id, \%headers of the request, how many came before, $self) and
# returns bytes, and then what to do: close, stall, pace => seconds.
our %ACTS = (
    20 => sub { ok(body($_[0]), 'Content-Disposition' =>
                   'attachment; filename="a b.csv"') },
    21 => sub { $_[2] < 2 ? answer('500 Oops', { 'Content-Length' => 0 })
                          : ok(body($_[0])) },
    # cut at 60 %: with ranges; without; with ranges of something newer
    22 => sub { my ($id, $h) = @_;
        my $body = body($id, 300_000);
        return part($body, $h->{range}, ETag => '"v1"')
            if $h->{range} && ($h->{'if-range'} // '') eq '"v1"';
        return (substr(ok($body, ETag => '"v1"'), 0, 180_000), 'close') },
    23 => sub { my $all = ok(body($_[0], 300_000));
        return $_[2] == 0 ? (substr($all, 0, 180_000), 'close') : $all },
    24 => sub { my ($id, $h) = @_;
        return ok(body($id, 200_000), ETag => '"v2"') if $h->{range};
        return (substr(ok(body($id + 1, 300_000), ETag => '"v1"'), 0,
                       180_000), 'close') },
    # says more than it sends; sends more than it says
    25 => sub { (ok(body($_[0]), 'Content-Length' => 9_999), 'close') },
    26 => sub { (ok(body($_[0]), 'Content-Length' => 1_000), 'close') },
    # past the bound: said; not said
    27 => sub { (ok('x', 'Content-Length' => 10 * 1024 ** 3), 'endless') },
    28 => sub { (answer('200 OK', { Connection => 'close' }), 'endless') },
    29 => sub { answer('302 Found', { Location => "/$_[0]",
                                      'Content-Length' => 0 }) },
    30 => sub { answer('301 Moved', { Location => '/20' . ($_[0] % 1_000 + 500),
                                      'Content-Length' => 0 }) },
    31 => sub { answer('307 There', { 'Content-Length' => 0,
        Location => "http://127.0.0.1:$_[3]{other}/39000" }) },
    32 => sub { ('', 'stall') },
    33 => sub { my ($id, $h) = @_;
        my $body = body($id, 100_000);
        return part($body, $h->{range}, ETag => '"s"') if $h->{range};
        return (substr(ok($body, ETag => '"s"'), 0, 50_000), 'stall') },
    34 => sub { answer('404 None', { 'Content-Length' => 0 }) },
    35 => sub { answer('410 Gone', { 'Content-Length' => 0 }) },
    36 => sub { answer('401 Who', { 'Content-Length' => 0 }) },
    37 => sub { $_[2] ? ok(body($_[0])) : answer('429 Slow',
                { 'Retry-After' => 3, 'Content-Length' => 0 }) },
    38 => sub { (ok(body($_[0], 40_000)), pace => $_[3]{pace_s}) },
    39 => sub { ok($json->encode($_[1])) },
    40 => sub { (answer('200 OK', { map { ("X-$_" => 'y' x 1_000) }
                                    1 .. 100 }), 'endless') },
    41 => sub { ok(body($_[0]), 'Content-Type' => "text/\x01evil",
                   'Content-Disposition' =>
                   "attachment; filename=\"../../\xff;\x02x.csv\"") },
    42 => sub { ok('') },
    43 => sub { ('', 'close') },
    44 => sub { (answer('503 Later', {}), 'endless') },
    45 => sub { answer('204 Empty', {}) },
    46 => sub { ("nonsense\r\n\r\n", 'close') },
    # large ones: stalls at first; cut and newer then; always cut
    47 => sub { my $all = ok(body($_[0], $LARGE));
        return $_[2] == 0 ? (substr($all, 0, 80 << 20), 'stall') : $all },
    48 => sub { my ($id, $h) = @_;
        return ok(body($id, $LARGE), ETag => '"v2"') if $h->{range};
        return (substr(ok(body($id + 1, $LARGE + 9), ETag => '"v1"'), 0,
                       80 << 20), 'close') },
    49 => sub { (substr(ok(body($_[0], $LARGE)), 0, 80 << 20), 'close') },
);

sub new {
    my ($class, %args) = @_;
    my $self = bless { pace_s => 10, %args }, $class;
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        Listen => 1_024, ReuseAddr => 1) or die "origin: $@";

    $self->{port} = $listen->sockport;
    $self->{log} = "$self->{dir}/origin-$self->{port}.log";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $SIG{TERM} = 'DEFAULT';
        $SIG{PIPE} = 'IGNORE';
        eval { $self->serve($listen) };
        print STDERR "origin: $@";
        POSIX::_exit(1);
    }
    push @children, $self->{pid} = $pid;
    return $self;
}

sub url { my $self = shift; return "http://127.0.0.1:$self->{port}" }

# Headers of the requests for a file so far, with method and time.
sub requests {
    my ($self, $id) = @_;
    open my $in, '<', $self->{log} or return;
    return grep { $_->{id} == $id } map { $json->decode($_) } <$in>;
}

# ---- in the child

sub serve {
    my ($self, $listen) = @_;
    my $poll = IO::Poll->new;

    open $self->{out}, '>>', $self->{log} or die "$self->{log}: $!";
    $self->{out}->autoflush;
    $listen->blocking(0);
    $poll->mask($listen, POLLIN);
    while (1) {
        $poll->poll(0.1);
        for my $fh ($poll->handles(POLLIN)) {
            if ($fh == $listen) {
                while (my $new = $listen->accept) {
                    $new->blocking(0);
                    $self->{conn}{$new} = { fh => $new, in => '', out => '' };
                    $poll->mask($new, POLLIN);
                }
            } else {
                $self->take($self->{conn}{$fh}, $poll);
            }
        }
        $self->give($_, $poll) for grep { $_->{act} }
            values %{ $self->{conn} };
    }
}

sub drop {
    my ($self, $conn, $poll) = @_;
    $poll->remove($conn->{fh});
    close $conn->{fh};
    delete $self->{conn}{ $conn->{fh} };
    return;
}

sub take {
    my ($self, $conn, $poll) = @_;
    my $n = sysread $conn->{fh}, $conn->{in}, 65_536, length $conn->{in};

    if (defined $n ? !$n : !$!{EAGAIN} && !$!{EINTR}) {
        return $self->drop($conn, $poll);
    }
    return if $conn->{act} || $conn->{in} !~ s/^(.*?)\r\n\r\n//s;
    my ($first, @lines) = split /\r\n/, $1;
    my %h = map { my ($k, $v) = split /:\s*/, $_, 2; (lc $k => $v) } @lines;
    my ($method, $id) = $first =~ m{^(\w+) /(\d+)} or die "asked: $first\n";

    print { $self->{out} } $json->encode({ %h, id => 0 + $id,
        method => $method, at => now_s() }), "\n";
    my $act = $ACTS{ substr $id, 0, 2 } // die "no act for $id\n";
    ($conn->{out}, $conn->{act}, my $value) =
        $act->($id, \%h, $self->{count}{$id}++ // 0, $self);
    $conn->{act} //= 'keep';
    if ($conn->{act} eq 'pace') {
        @$conn{qw(begun all seconds)} = (now_s(), $conn->{out}, $value);
        $conn->{out} = '';
    }
    return $self->give($conn, $poll);
}

# What is due now goes out.
sub give {
    my ($self, $conn, $poll) = @_;

    if ($conn->{act} eq 'pace') {
        my $due = length($conn->{all}) * (now_s() - $conn->{begun})
            / $conn->{seconds};
        my $sent = $conn->{sent} // 0;
        $due = length $conn->{all} if $due > length $conn->{all};
        $conn->{out} .= substr $conn->{all}, $sent, int($due) - $sent;
        $conn->{sent} = int $due;
        $conn->{act} = 'keep' if $conn->{sent} == length $conn->{all};
    }
    $conn->{out} .= 'x' x 65_536
        if $conn->{act} eq 'endless' && length $conn->{out} < 65_536;
    while (length $conn->{out}) {
        my $n = syswrite $conn->{fh}, $conn->{out};
        if (!defined $n) {
            return if $!{EAGAIN} || $!{EINTR};
            return $self->drop($conn, $poll);
        }
        substr $conn->{out}, 0, $n, '';
    }
    $self->drop($conn, $poll) if $conn->{act} eq 'close';
    delete $conn->{act} if ($conn->{act} // '') eq 'keep';
    return;
}

END {
    if ($$ == $owner) {
        local $?;
        kill TERM => $_ for @children;
        waitpid $_, 0 for @children;
    }
}

1;
