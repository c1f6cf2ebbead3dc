# SPDX-License-Identifier: Apache-2.0
# A small client for Redis.
#
#   my $redis = DLTest::Redis->new(socket => "$dir/redis.sock");
#   my $value = $redis->cmd(GET => 'key');          # dies on an error reply
#   my ($reply, $error) = $redis->try(GET => 'key');
#   my @replies = $redis->pipeline([SET => a => 1], [GET => 'a']);
#   my %hash = $redis->hash('key');
#
# Nil is undef, an array an array reference; in a pipeline an error reply is
# a DLTest::Redis::Error, which is true and reads as its message.
package DLTest::Redis;
use strict;
use warnings;

use IO::Socket::INET ();
use IO::Socket::UNIX ();
use DLTest::Stream ();
use DLTest::Wait qw(now_s wait_for);

our @ISA = ('DLTest::Stream');

# socket => path, or port => number; password, db; timeout => seconds (30).
sub new {
    my ($class, %args) = @_;
    my $self = bless { timeout => 30, %args, buf => '' }, $class;
    $self->{fh} = $args{socket}
        ? IO::Socket::UNIX->new(Peer => $args{socket})
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                PeerPort => $args{port});
    $self->{fh} or die 'redis: connect ', $args{socket} // $args{port},
        ": $!\n";
    $self->{fh}->blocking(0);
    $self->cmd(AUTH => $args{password}) if defined $args{password};
    $self->cmd(SELECT => $args{db}) if $args{db};
    return $self;
}

# The same, but waits until the server accepts and has loaded its data.
sub connect_when_up {
    my ($class, %args) = @_;
    return wait_for(sub {
        my $redis = eval { $class->new(%args) } or return;
        my ($pong) = eval { $redis->try('PING') };
        return $pong ? $redis : undef;
    }, 'redis answers', $args{timeout});
}

sub encode {
    my @words = map { my $word = "$_"; utf8::encode($word)
                      if utf8::is_utf8($word); $word } @_;
    return join '', '*', scalar @words, "\r\n",
        map { ('$', length, "\r\n", $_, "\r\n") } @words;
}

sub name { return 'redis' }

sub send_bytes {
    my ($self, $bytes) = @_;
    $self->SUPER::send_bytes($bytes) or die "redis: send: $!\n";
    return;
}

sub fill {
    my ($self, $deadline) = @_;
    $self->SUPER::fill($deadline) or die "redis: connection lost\n";
    return;
}

# Takes $n bytes, or a line when $n is undefined.
sub take {
    my ($self, $n, $deadline) = @_;
    while (1) {
        my $end = defined $n ? $n : index $self->{buf}, "\r\n";
        if ($end >= 0 && length $self->{buf} >= $end + 2) {
            my $bytes = substr $self->{buf}, 0, $end + 2, '';
            return substr $bytes, 0, $end;
        }
        $self->fill($deadline);
    }
}

# The next reply, whoever asked for it: a pub/sub message too.
sub reply {
    my ($self, $seconds) = @_;
    my $deadline = now_s() + ($seconds // $self->{timeout});
    return $self->read_reply($deadline);
}

sub read_reply {
    my ($self, $deadline) = @_;
    my $line = $self->take(undef, $deadline);
    my ($type, $rest) = (substr($line, 0, 1), substr($line, 1));

    return $rest if $type eq '+' || $type eq ':';
    return DLTest::Redis::Error->new($rest) if $type eq '-';
    die "redis: strange reply '$line'\n" unless $type =~ /[\$*]/;
    return undef if $rest < 0;
    return $self->take($rest, $deadline) if $type eq '$';
    return [map { scalar $self->read_reply($deadline) } 1 .. $rest];
}

sub pipeline {
    my ($self, @commands) = @_;
    $self->send_bytes(join '', map { encode(@$_) } @commands);
    return map { scalar $self->reply } @commands;
}

# (reply, undef) or (undef, message).
sub try {
    my ($self, @words) = @_;
    my ($reply) = $self->pipeline([@words]);
    return ref $reply eq 'DLTest::Redis::Error' ? (undef, "$reply")
                                                : ($reply, undef);
}

sub cmd {
    my ($self, @words) = @_;
    my ($reply, $error) = $self->try(@words);
    die "redis: $words[0]: $error\n" if defined $error;
    return $reply;
}

sub hash {
    my ($self, $key) = @_;
    return @{ $self->cmd(HGETALL => $key) };
}

# All keys that match, sorted.
sub keys_like {
    my ($self, $pattern) = @_;
    my ($cursor, %keys) = (0);
    do {
        ($cursor, my $found) = @{ $self->cmd(
            SCAN => $cursor, MATCH => $pattern, COUNT => 1000) };
        $keys{$_} = 1 for @$found;
    } while ($cursor);
    return sort keys %keys;
}

# A line of INFO by its name.
sub info {
    my ($self, $name) = @_;
    return $self->cmd('INFO') =~ /^\Q$name\E:(.*?)\r?$/m ? $1 : undef;
}

package DLTest::Redis::Error;
use overload '""' => sub { ${ $_[0] } }, bool => sub { 1 };

sub new {
    my ($class, $text) = @_;
    return bless \$text, $class;
}

1;
