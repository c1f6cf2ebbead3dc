# SPDX-License-Identifier: Apache-2.0
# Hostile headers and queries: media types, Accept, keys, ids of requests and
# traces, and parameters of the query.
use strict;
use warnings;
use lib 't/lib';
use DLTest::Hostile;
use DLTest::Site qw(base is_problem);
use Test::More;

my $hostile = DLTest::Hostile->new;
my $http = $hostile->http;
my $ID = '3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90';
my $GOOD = '{"file_id":70000}';
my %JSON = ('Content-Type' => 'application/json');

# Media types: JSON alone, as it is.
for my $path ('/initiate', '/check', '/start') {
    $hostile->request("$path $_->[0]", POST => $path, $_->[1], $GOOD, 415,
                      'UNSUPPORTED_MEDIA_TYPE', $_->[2]) for (
        ['no type', {}, qr/^Content-Type: it is missing/],
        ['text/plain', { 'Content-Type' => 'text/plain' },
         qr{^Content-Type: text/plain is not supported}],
        ['a form', { 'Content-Type' => 'application/x-www-form-urlencoded' },
         qr{^Content-Type: application/x-www-form-urlencoded is not}],
        ['multipart', { 'Content-Type' => 'multipart/form-data; boundary=x' },
         qr{^Content-Type: multipart/form-data}],
        ['text/json', { 'Content-Type' => 'text/json' }, qr{text/json is}],
        ['jsonx', { 'Content-Type' => 'application/jsonx' }, qr/jsonx is/],
        ['a patch', { 'Content-Type' => 'application/merge-patch+json' },
         qr/merge-patch/],
        ['a wildcard', { 'Content-Type' => '*/*' }, qr{\*/\* is not}],
        ['a list', { 'Content-Type' => 'application/json, text/plain' },
         qr/^Content-Type/],
        ['UTF-16', { 'Content-Type' => 'application/json; charset=utf-16' },
         qr/^Content-Type: the charset must be utf-8$/],
        ['Latin-1', { 'Content-Type' => 'application/json;charset=latin1' },
         qr/the charset must be utf-8$/],
        ['gzip', { %JSON, 'Content-Encoding' => 'gzip' },
         qr/^Content-Encoding: gzip is not supported/],
        ['twice gzip', { %JSON, 'Content-Encoding' => 'gzip, gzip' },
         qr/^Content-Encoding: gzip, gzip is not supported/],
        ['a long type', { 'Content-Type' => 'x' x 4000 },
         qr/^Content-Type: x{100} is not supported/],
    );
}

# Accept: JSON, or problem+json, or 406.
for my $accept ('text/html', 'image/*', 'application/xml;q=1',
                'application/json;q=0', 'application/*;q=0',
                '*/*;q=0', 'application/json;q=0, application/problem+json;q=0,'
                . ' */*', 'text/event-stream', 'json', 'application/jsonx',
                'application/json;q=2', 'application/json;q=x', '*',
                'text/html, ' x 500 . 'text/css') {
    my $short = length $accept > 40 ? substr($accept, 0, 40) . '...' : $accept;
    my %accept = (Accept => $accept);
    $hostile->request("initiate, Accept: $short", POST => '/initiate',
                      { %JSON, %accept }, $GOOD, 406, 'NOT_ACCEPTABLE',
                      qr/Accept/);
    $hostile->request("status, Accept: $short", GET => "/status/$ID",
                      \%accept, undef, 406, 'NOT_ACCEPTABLE', qr/Accept/);
}
for my $accept ('application/json', 'text/html;q=0.9') {
    $hostile->request("stream, Accept: $accept", GET => "/$ID/stream",
                      { Accept => $accept }, undef, 406, 'NOT_ACCEPTABLE',
                      qr/Accept/);
}

# An error has the type that Accept names.
for (['application/problem+json', 'application/problem+json'],
     ['application/json', 'application/json'],
     ['*/*', 'application/json'],
     ['application/problem+json, application/json',
      'application/problem+json']) {
    my $r = $hostile->request("an error for $_->[0]", GET => "/status/$ID",
                              { Accept => $_->[0] }, undef, 404,
                              'JOB_NOT_FOUND', qr/not found/);
    is $r->{headers}{'content-type'}, $_->[1], "answers $_->[1]";
}

# Idempotency keys in headers.
for my $name ('Idempotency-Key', 'X-Idempotency-Key') {
    $hostile->request("$name $_->[0]", POST => '/initiate',
                      { %JSON, $name => $_->[1] }, $GOOD, 400,
                      'INVALID_IDEMPOTENCY_KEY', qr/^$name: $_->[2]/) for (
        ['empty', '', 'it is empty'],
        ['an empty string', '""', 'it is empty'],
        ['too long', 'k' x 256, '256 characters are above 255'],
        ['much too long', 'k' x 8000, '8000 characters are above 255'],
        ['a tab', "a\tb", 'the byte at position 1 is not printable'],
        ['Latin-1', "caf\xe9", 'the byte at position 3 is not printable'],
        ['UTF-8', "caf\xc3\xa9", 'the byte at position 3 is not printable'],
    );
}
$hostile->request('header and alias differ', POST => '/initiate',
    { %JSON, 'Idempotency-Key' => 'a', 'X-Idempotency-Key' => 'b' }, $GOOD,
    400, 'INVALID_IDEMPOTENCY_KEY',
    qr/^Idempotency-Key and X-Idempotency-Key differ/);
$hostile->request('header and member differ', POST => '/initiate',
    { %JSON, 'Idempotency-Key' => 'a' },
    '{"file_id":70000,"idempotency_key":"b"}', 400,
    'INVALID_IDEMPOTENCY_KEY',
    qr/^idempotency_key and Idempotency-Key differ/);

# A request id that is not harmless is not taken over.
my $uuid = qr/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
for my $id ('', ' ', 'a b', 'a,b', '<script>', '"x"', 'a/b', '${jndi:ldap}',
            "caf\xc3\xa9", 'a' x 129, '%0d%0aX:y', '{dljob}') {
    my $r = $hostile->request("X-Request-ID '" . substr($id, 0, 20) . "'",
        GET => "/status/$ID", { 'X-Request-ID' => $id }, undef, 404,
        'JOB_NOT_FOUND', qr/not found/);
    like $r->{headers}{'x-request-id'}, $uuid, 'a UUID instead';
}

# Headers that change nothing: refused or not, the answer is the same.
my $zeros = '0' x 32;
for (['traceparent', 'x'], ['traceparent', "00-$zeros-0000000000000000-01"],
     ['traceparent', 'f' x 8000], ['tracestate', '=,' x 2000],
     ['If-None-Match', '"' x 4000], ['If-None-Match', 'W/' x 2000],
     ['If-Match', '*'], ['If-Modified-Since', 'yesterday'],
     ['Range', 'bytes=0-0,-1,' . '1-1,' x 1000], ['Range', 'bytes=-'],
     ['Prefer', 'wait=99999999999999999999'], ['Prefer', 'wait=-1'],
     ['Prefer', ',;="' x 1500], ['Last-Event-ID', '-1'],
     ['X-HTTP-Method-Override', 'DELETE'], ['X-Original-URL', '/admin'],
     ['X-Forwarded-Host', 'evil.example'], ['Cookie', 'a=' . 'b' x 7000],
     ['Origin', 'null'], ['Origin', 'https://evil.example'],
     ['Access-Control-Request-Method', 'x' x 4000],
     ['User-Agent', "() { :;}; echo"], ['Referer', '%n%n%n'],
     ['Authorization', 'Basic ' . '=' x 4000], ['Upgrade', 'websocket']) {
    my ($name, $value) = @$_;
    my $r = $hostile->request("$name " . substr($value, 0, 20),
        GET => "/$ID", { $name => $value }, undef, 404, 'JOB_NOT_FOUND',
        qr/not found/);
    unlike join(' ', %{ $r->{headers} }), qr/evil/, 'not taken over';
}

# Queries.
$hostile->request("result ?$_->[0]", GET => "/$ID?$_->[0]", {}, undef, 400,
                  'INVALID_FILE_ID', qr/^file_id: /) for (
    map { ["file_id=$_"] } '', 'x', '-1', '1.5', '7e4', '0', '%00', '%31%',
    '99999999999999999999', '1' x 5000, '%2f..', '0x11170', '+1', '%201');
my $named = DLTest::Hostile->new('X-User' => 'ann');
$named->request("list ?$_->[0]", GET => "/?$_->[0]", {}, undef, 400,
                'INVALID_REQUEST', $_->[1]) for (
    (map { ["limit=$_", qr/^limit: not a number from 1 to 100$/] } '', '0',
     '101', '-1', 'x', '1e1', '99999999999999999999', '1' x 5000, '%00'),
    (map { ["status=$_", qr/^status: not one of /] } '', 'x', 'Queued',
     'queued%20', 'queued,failed', '%00', 'x' x 5000),
    (map { ["cursor=$_", qr/^cursor: not one of an earlier page$/] }
     'x', '-1', '%00', '*', '%7Bhostile%7D', 'x' x 5000, '%F0%9F%98%80'),
);
$hostile->request('list without a user', GET => '/', {}, undef, 401,
                  'UNAUTHENTICATED', qr/identified caller/);
$hostile->request('stream without a user', GET => '/stream', {}, undef, 401,
                  'UNAUTHENTICATED', qr/identified caller/);

# A user name that is none.
for my $user ("a\tb", 'x' x 300) {
    $hostile->request('user ' . substr($user, 0, 5), POST => '/initiate',
                      { %JSON, 'X-User' => $user }, $GOOD, 403, 'FORBIDDEN',
                      qr/user name/);
}

$hostile->finish(147);
