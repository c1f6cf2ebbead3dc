# SPDX-License-Identifier: Apache-2.0
# Listens to what the engine publishes, and counts how often a job ended.
#
#   my $listener = DLTest::Listener->new($stack, "user:ann", "job:$id");
#   ...
#   my @messages = $listener->all;      # [channel, what it says] so far
#   is $listener->ends($id), 1;         # terminal events of a job of one file
#
# Every terminal change is published as {"jobId","version","reread":true}. Of a
# job of one file nothing else is but, to its user, that it is new: version 1.
# A job of several files says so of each of its changes.
package DLTest::Listener;
use strict;
use warnings;

use JSON::PP ();

my $json = JSON::PP->new->utf8;

# Channels are named without the key prefix.
sub new {
    my ($class, $stack, @channels) = @_;
    my $self = bless { stack => $stack, redis => $stack->redis,
                       messages => [], marks => 0 }, $class;
    $self->{channel} = $stack->key("test:listener:$$:" . (0 + $self));
    $self->listen(@channels, substr $self->{channel},
                  length $stack->{prefix});
    return $self;
}

sub listen {
    my ($self, @channels) = @_;
    my $redis = $self->{redis};
    my $missing = @channels;
    $redis->send_bytes(DLTest::Redis::encode(
        SUBSCRIBE => map { $self->{stack}->key($_) } @channels));
    while ($missing) {
        my $reply = $redis->reply;
        $missing-- if $reply->[0] eq 'subscribe';
        $self->take($reply);
    }
    return;
}

sub take {
    my ($self, $reply) = @_;
    return if $reply->[0] ne 'message';
    push @{ $self->{messages} }, [@$reply[1, 2]];
    return;
}

# Everything that was published before this call: it ends at a mark of its
# own, as a connection gets its messages in their order.
sub all {
    my $self = shift;
    my $mark = 'mark ' . ++$self->{marks};
    $self->{stack}->redis->cmd(PUBLISH => $self->{channel}, $mark);
    while (1) {
        my $reply = $self->{redis}->reply;
        last if $reply->[0] eq 'message' && $reply->[2] eq $mark;
        $self->take($reply);
    }
    return map { [$_->[0], $json->decode($_->[1])] }
        @{ $self->{messages} };
}

# What was said of a job on its own channel, or on another one.
sub of_job {
    my ($self, $id, $channel) = @_;
    $channel = $self->{stack}->key($channel // "job:$id");
    return map { $_->[1] }
        grep { $_->[0] eq $channel && $_->[1]{jobId} eq $id } $self->all;
}

# Whether this says that a job of one file has ended.
sub ended {
    my ($said) = @_;
    return $said->{reread} && $said->{version} > 1;
}

# How often a job of one file was said to have ended.
sub ends {
    my ($self, $id, $channel) = @_;
    return scalar grep { ended($_) } $self->of_job($id, $channel);
}

# How often each job of one file was said to have ended, by its id: on one
# channel, or where each is told on one.
sub all_ends {
    my ($self, $channel) = @_;
    my %ends;
    $channel = $self->{stack}->key($channel) if defined $channel;
    for my $message ($self->all) {
        next if defined $channel && $message->[0] ne $channel;
        $ends{ $message->[1]{jobId} }++ if ended($message->[1]);
    }
    return \%ends;
}

1;
