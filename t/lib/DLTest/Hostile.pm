# SPDX-License-Identifier: Apache-2.0
# Hostile requests: each is refused in the words of the contract, and
# nothing of it is left behind.
#
#   my $hostile = DLTest::Hostile->new('X-User' => 'ann');
#   $hostile->body('/initiate', 'cut short', '{"file_id":7', 'INVALID_JSON',
#                  qr/.../);
#   $hostile->request('a bad method', PUT => '/initiate', {}, undef, 405,
#                     'METHOD_NOT_ALLOWED', qr/.../);
#   $hostile->raw('no host', "GET / HTTP/1.1\r\n\r\n", qr/400/);
#   $hostile->finish(120);       # at least so many; ends the test file
package DLTest::Hostile;
use strict;
use warnings;

use Test::More;
use DLTest::Site;

# What no answer may tell: places of this machine, Redis and its keys.
my $INTERNAL = qr/\{hostile\}|\.sock\b|redis:|\/tmp\/|\/objects\/\S*\.\d
                 |mod_dljob\.c|ERR\ |EVALSHA|apr_|\b0x[0-9a-f]{8,}/x;

sub new {
    my ($class, %headers) = @_;
    my $self = bless {
        http => site('hostile', %headers), redis => redis(), cases => 0,
    }, $class;
    $self->{before} = [$self->left];
    return $self;
}

# What stands in Redis for this site.
sub left {
    my $self = shift;
    return $self->{redis}->keys_like('{hostile}:*');
}

sub http { return shift->{http} }

# One answer: what it must say, and what none may.
sub judge {
    my ($self, $what, $r, $status, $code, $message) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $self->{cases}++;
    is_problem $r, $status, $code, $what, $message;
    unlike $r->{body}, qr/[\x00-\x1f\x7f]/, "$what: nothing raw";
    unlike $r->{body}, $INTERNAL, "$what: nothing internal";
    return $r;
}

sub request {
    my ($self, $what, $method, $path, $headers, $body, @expected) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $r = $self->{http}->request($method, base() . $path, $headers, $body);
    return $self->judge($what, $r, @expected);
}

# A body of JSON; status 400 unless told.
sub body {
    my ($self, $path, $what, $body, $code, $message, $status) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->request($what, POST => $path,
        { 'Content-Type' => 'application/json' }, $body, $status // 400,
        $code, $message);
}

# Bytes as they are; $status a pattern, as httpd itself may answer these.
sub raw {
    my ($self, $what, $bytes, $status) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $self->{cases}++;
    my $r = $self->{http}->raw($bytes);
    like $r ? $r->{status} : 'closed', qr/^(?:$status)$/, $what;
    unlike $r ? $r->{body} : '', $INTERNAL, "$what: nothing internal";
    return $r;
}

sub finish {
    my ($self, $at_least) = @_;
    cmp_ok $self->{cases}, '>=', $at_least, "$self->{cases} cases";
    is_deeply [$self->left], $self->{before}, 'nothing is left in Redis';
    is $self->{http}->get('/plain.txt')->{body}, "plain\n",
        'the site beside it answers';
    done_testing;
    return;
}

1;
