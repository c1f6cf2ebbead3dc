# SPDX-License-Identifier: Apache-2.0
# A proxy before an S3 service that does what services do at times: it tells
# to slow down, cuts, loses an answer, refuses. One request a connection, a
# process each; what was asked is kept.
#
#   my $front = DLTest::S3Front->new(dir => $dir, to => $port, acts => sub {
#       my ($what, $before) = @_;   # 'PUT part 3', how often it came before
#       return $before ? 'pass' : 'slow' });
#   $front->url;  $front->seen('PUT part 3');   # how often it was asked for
#
# What: METHOD and, of an upload, "uploads" (create or list), "part N" or
# "upload" (complete, abort). Acts: pass, slow (503), slow=SECONDS (with
# Retry-After), deny (403), cut (in the body), lost (done, but the answer is
# not told).
package DLTest::S3Front;
use strict;
use warnings;

use IO::Select ();
use IO::Socket::INET ();
use POSIX ();

my $owner = $$;
my @children;
my $CUT_AT = 1 << 20;

sub new {
    my ($class, %args) = @_;
    my $self = bless { %args }, $class;
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        Listen => 64, ReuseAddr => 1) or die "front: $@";

    $self->{port} = $listen->sockport;
    $self->{log} = "$self->{dir}/front-$self->{port}.log";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $SIG{TERM} = 'DEFAULT';
        $SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
        while (my $client = $listen->accept) {
            next if fork // die "fork: $!";
            close $listen;
            eval { $self->serve($client); 1 } or print STDERR "front: $@";
            POSIX::_exit(0);
        }
        POSIX::_exit(1);
    }
    push @children, $self->{pid} = $pid;
    return $self;
}

sub url { return "http://127.0.0.1:$_[0]{port}" }

sub asked {
    my $self = shift;
    open my $in, '<', $self->{log} or return;
    chomp(my @lines = <$in>);
    return @lines;
}

sub seen {
    my ($self, $what) = @_;
    return scalar grep { $_ eq $what } $self->asked;
}

sub forget { truncate shift->{log}, 0; return }

# ---- in the child of a connection

sub what_of {
    my ($head) = @_;
    my ($method, $query) = $head =~ m{^(\w+) [^ ?]*\??(\S*) };
    return $query =~ /partNumber=(\d+)/ ? "$method part $1"
        : $query =~ /uploadId=/ ? "$method upload"
        : $query =~ /uploads/ ? "$method uploads" : $method;
}

sub more {
    my ($fh, $buf) = @_;
    return sysread($fh, $$buf, 65_536, length $$buf) || 0;
}

sub serve {
    my ($self, $client) = @_;
    my $in = '';

    until ($in =~ /\r\n\r\n/) { more($client, \$in) or return }
    my ($head, $body) = $in =~ /^(.*?\r\n)\r\n(.*)$/s;
    my $what = what_of($head);
    my $before = $self->seen($what);
    open my $log, '>>', $self->{log} or die "$self->{log}: $!";
    syswrite $log, "$what\n";

    my $act = $self->{acts}->($what, $before);
    return $self->answer($client, $head, $body, $act)
        if $act =~ /^(?:slow|deny)/;
    return $self->relay($client, $head, $body, $act);
}

sub answer {
    my ($self, $client, $head, $body, $act) = @_;
    my ($length) = $head =~ /^content-length: (\d+)/mi;
    my ($code, $status) = $act eq 'deny' ? ('AccessDenied', '403 Forbidden')
                                         : ('SlowDown', '503 Slow Down');
    my $wait = $act =~ /=(\d+)/ ? "Retry-After: $1\r\n" : '';
    my $text = "<?xml version=\"1.0\"?><Error><Code>$code</Code></Error>";

    while ($head !~ /^expect:/mi && length $body < ($length // 0)) {
        more($client, \$body) or return;
    }
    $text = '' if $head =~ /^HEAD/;
    syswrite $client, "HTTP/1.1 $status\r\nContent-Type: application/xml\r\n"
        . 'Content-Length: ' . length($text) . "\r\n${wait}"
        . "Connection: close\r\n\r\n$text";
    shutdown $client, 1;
    my $rest = '';
    1 while more($client, \$rest);
    return;
}

sub send_all {
    my ($fh, $bytes) = @_;
    while (length $bytes) {
        my $n = syswrite $fh, $bytes or die "sent to nobody\n";
        substr $bytes, 0, $n, '';
    }
    return;
}

sub relay {
    my ($self, $client, $head, $body, $act) = @_;
    my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{to}) or die "no server: $@\n";
    my $select = IO::Select->new($client, $server);
    my $passed = length $body;

    send_all($server, "${head}Connection: close\r\n\r\n$body");
    while (my @ready = $select->can_read) {
        for my $fh (@ready) {
            my $bytes = '';
            if (!more($fh, \$bytes)) {
                return if $fh == $server;
                $select->remove($client);
                next;
            }
            if ($fh == $client) {
                send_all($server, $bytes);
                $passed += length $bytes;
                return if $act eq 'cut' && $passed > $CUT_AT;
            } else {
                return if $act eq 'lost' && $bytes !~ m{^HTTP/1\.1 100};
                send_all($client, $bytes);
            }
        }
    }
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
