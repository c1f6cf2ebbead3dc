# SPDX-License-Identifier: Apache-2.0
# POST /initiate: what is admitted, what is refused and why, and that a
# refusal leaves nothing in Redis.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;

my $http = site('still');
my $base = base();

sub post { return $http->post_json("$base/initiate", @_) }

subtest 'one file' => sub {
    my $id = fresh_id();
    my $r = post({ file_id => $id });
    my $job = $r->{json};
    is $r->{status}, 202, 'accepted';
    is $r->{headers}{'content-type'}, 'application/json', 'type';
    is $job->{status}, 'queued', 'queued';
    is $job->{progress}, 0, 'no progress';
    is $job->{totalFileIds}, 1, 'one file';
    is $job->{fileId}, $id, 'its id';
    ok !exists $job->{files}, 'no list of files';
    ok !exists $job->{downloadUrl}, 'no link yet';
    like $job->{createdAt}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
        'time in ISO 8601 with milliseconds';
    my $origin = "http://127.0.0.1:$http->{port}$base";
    is $job->{statusUrl}, "$origin/status/$job->{jobId}", 'statusUrl';
    is $job->{streamUrl}, "$origin/$job->{jobId}/stream", 'streamUrl';
    is $job->{resultUrl}, "$origin/$job->{jobId}", 'resultUrl';
    is $r->{headers}{location}, $job->{statusUrl}, 'Location';
    like $r->{headers}{'retry-after'}, qr/^(?:[1-9]|[12]\d|30)$/,
        'Retry-After is 1 to 30 s';
    is $r->{body} =~ /null/, '', 'no null in it';
};

subtest 'several files' => sub {
    my @ids = sort { $a <=> $b } map { fresh_id() } 1 .. 3;
    my $r = post({ file_ids => [@ids, $ids[0]] });
    my $job = $r->{json};
    is $r->{status}, 202, 'accepted';
    is $job->{totalFileIds}, 4, 'the length as sent';
    is_deeply [sort { $a <=> $b } map { $_->{fileId} } @{ $job->{files} }],
        \@ids, 'each file once';
    ok !exists $job->{fileId}, 'no fileId at the top';
};

subtest 'many files' => sub {
    my @ids = map { fresh_id() } 1 .. 1000;
    my $r = post({ file_ids => \@ids });
    is $r->{status}, 202, 'a thousand are taken';
    is scalar @{ $r->{json}{files} // [] }, 1000, 'and listed';
    is_problem post({ file_ids => [@ids, fresh_id()] }), 400,
        'INVALID_REQUEST', 'one more is not', qr/1001.*1000/;
};

subtest 'other ways to say it' => sub {
    my $r = post('{"file_id":7e4}');
    ok $r->{status} == 202 || $r->{status} == 200, '7e4 is an integer';
    is $r->{json}{fileId}, 70000, 'and which';
    my $id = fresh_id();
    $r = post({ file_id => $id, something => { else => [1] } });
    is $r->{status}, 202, 'unknown members are ignored';
    $r = post({ file_id => fresh_id() },
              'Content-Type' => 'application/json; charset=utf-8');
    is $r->{status}, 202, 'a charset';
    $r = $http->raw(join "\r\n", "POST $base/initiate HTTP/1.1",
        'Host: 127.0.0.1', 'Content-Type: application/json',
        'Transfer-Encoding: chunked', '',
        '8', '{"file_i', sprintf('%x', length "d\":" . fresh_id() . '}'),
        'd":' . fresh_id() . '}', '0', '', '');
    is $r->{status}, 202, 'a body in chunks';
};

# Everything hostile: [what, body, errorCode, message, status].
my $deep = '[' x 9 . ']' x 9;
my @bad = (
    ['no body', '', 'INVALID_JSON'],
    ['not JSON', 'file_id=70000', 'INVALID_JSON'],
    ['cut short', '{"file_id":7000', 'INVALID_JSON'],
    ['something behind', '{"file_id":70000}x', 'INVALID_JSON'],
    ['two values', '{"file_id":70000}{}', 'INVALID_JSON'],
    ['single quotes', "{'file_id':70000}", 'INVALID_JSON'],
    ['a comment', '{"file_id":70000/*x*/}', 'INVALID_JSON'],
    ['a trailing comma', '{"file_id":70000,}', 'INVALID_JSON'],
    ['NaN', '{"file_id":NaN}', 'INVALID_JSON'],
    ['a leading zero', '{"file_id":070000}', 'INVALID_JSON'],
    ['a NUL', "{\"file_id\":70000}\0", 'INVALID_JSON'],
    ['a control character', "{\"file_id\":70000,\"x\":\"\1\"}",
     'INVALID_JSON'],
    ['bad UTF-8', "{\"file_id\":70000,\"x\":\"\xff\"}", 'INVALID_JSON'],
    ['overlong UTF-8', "{\"file_id\":70000,\"x\":\"\xc0\xaf\"}",
     'INVALID_JSON'],
    ['a lone surrogate', '{"file_id":70000,"x":"\ud800"}', 'INVALID_JSON'],
    ['too deep', "{\"file_id\":70000,\"x\":$deep}", 'INVALID_JSON'],
    ['very deep', '[' x 20_000, 'INVALID_JSON'],
    ['a member twice', '{"file_id":70000,"file_id":70001}', 'INVALID_JSON',
     qr/twice/],
    ['an array', '[70000]', 'INVALID_REQUEST'],
    ['a number', '70000', 'INVALID_REQUEST'],
    ['a string', '"70000"', 'INVALID_REQUEST'],
    ['null', 'null', 'INVALID_REQUEST'],
    ['no member', '{}', 'INVALID_REQUEST', qr/file_id/],
    ['both members', '{"file_id":70000,"file_ids":[70000]}',
     'INVALID_REQUEST', qr/file_id/],
    ['no ids', '{"file_ids":[]}', 'INVALID_REQUEST', qr/file_ids/],
    ['ids in a string', '{"file_ids":"70000"}', 'INVALID_REQUEST',
     qr/file_ids/],
    ['ids in an object', '{"file_ids":{"0":70000}}', 'INVALID_REQUEST',
     qr/file_ids/],
    ['too small', '{"file_ids":[100]}', 'INVALID_FILE_ID',
     qr/file_ids\[0\]: 100 is below 10000/],
    ['too large', '{"file_ids":[70000,100000001]}', 'INVALID_FILE_ID',
     qr/file_ids\[1\]: 100000001 is above 100000000/],
    ['negative', '{"file_id":-70000}', 'INVALID_FILE_ID', qr/-70000/],
    ['a fraction', '{"file_id":70000.5}', 'INVALID_FILE_ID', qr/70000\.5/],
    ['1.5', '{"file_ids":[1.5]}', 'INVALID_FILE_ID', qr/1\.5/],
    ['a string id', '{"file_ids":["70000"]}', 'INVALID_FILE_ID',
     qr/file_ids\[0\]/],
    ['null id', '{"file_ids":[null]}', 'INVALID_FILE_ID', qr/file_ids\[0\]/],
    ['true id', '{"file_id":true}', 'INVALID_FILE_ID', qr/file_id/],
    ['huge', '{"file_id":1e400}', 'INVALID_FILE_ID'],
    ['beyond 64 bits', '{"file_id":18446744073709621616}',
     'INVALID_FILE_ID'],
    ['a nested array', '{"file_ids":[[70000]]}', 'INVALID_FILE_ID'],
    ['callbackUrl no string', '{"file_id":70000,"callbackUrl":7}',
     'INVALID_CALLBACK_URL'],
    ['callbackUrl no URL', '{"file_id":70000,"callbackUrl":"nonsense"}',
     'INVALID_CALLBACK_URL', qr/callbackUrl/],
    ['callbackUrl http', '{"file_id":70000,"callbackUrl":"http://a.de/"}',
     'INVALID_CALLBACK_URL'],
    ['callbackUrl loopback',
     '{"file_id":70000,"callbackUrl":"https://127.0.0.1/x"}',
     'INVALID_CALLBACK_URL'],
    ['callbackUrl metadata',
     '{"file_id":70000,"callbackUrl":"https://169.254.169.254/x"}',
     'INVALID_CALLBACK_URL'],
    ['callbackUrl decimal',
     '{"file_id":70000,"callbackUrl":"https://2130706433/x"}',
     'INVALID_CALLBACK_URL'],
    ['callbackUrl userinfo',
     '{"file_id":70000,"callbackUrl":"https://a:b@example.org/"}',
     'INVALID_CALLBACK_URL'],
    ['callbackUrl file', '{"file_id":70000,"callbackUrl":"file:///etc"}',
     'INVALID_CALLBACK_URL'],
    ['key too long', '{"file_id":70000,"idempotency_key":"' . 'k' x 256
     . '"}', 'INVALID_IDEMPOTENCY_KEY', qr/255/],
    ['key empty', '{"file_id":70000,"idempotency_key":""}',
     'INVALID_IDEMPOTENCY_KEY'],
    ['key no string', '{"file_id":70000,"idempotency_key":7}',
     'INVALID_IDEMPOTENCY_KEY'],
    ['key control', '{"file_id":70000,"idempotency_key":"a\\nb"}',
     'INVALID_IDEMPOTENCY_KEY'],
    ['priority unknown', '{"file_id":70000,"priority":"urgent"}',
     'INVALID_REQUEST', qr/priority/],
    ['priority no string', '{"file_id":70000,"priority":1}',
     'INVALID_REQUEST', qr/priority/],
    ['priority high for nobody', '{"file_id":70000,"priority":"high"}',
     'FORBIDDEN', qr/priority/, 403],
    ['too long', '{"file_id":70000,"x":"' . 'x' x 65_536 . '"}',
     'TOO_LARGE', qr/65536/, 413],
    ['a megabyte', ' ' x 1_048_576, 'TOO_LARGE', undef, 413],
);

subtest 'refusals' => sub {
    my $redis = redis();
    my @before = $redis->keys_like('{rate}:*');
    my $refuser = site('rate');
    for (@bad) {
        my ($what, $body, $code, $message, $status) = @$_;
        my $r = $refuser->post_json("$base/initiate", $body);
        is_problem $r, $status // 400, $code, $what, $message;
        unlike $r->{body}, qr/[\x00-\x1f]/, 'nothing raw in the body';
    }
    is_deeply [$redis->keys_like('{rate}:*')], \@before,
        'nothing was written to Redis';
};

subtest 'a header and a member' => sub {
    my $id = fresh_id();
    is_problem post({ file_id => $id, idempotency_key => 'a' },
                    'Idempotency-Key' => 'b'), 400,
        'INVALID_IDEMPOTENCY_KEY', 'differ';
    is post({ file_id => $id, idempotency_key => "a$id" },
            'X-Idempotency-Key' => "a$id")->{status}, 202, 'agree';
};

subtest 'content types' => sub {
    my $id = fresh_id();
    for my $type ('text/plain', 'application/x-www-form-urlencoded',
                  'multipart/form-data', 'application/jsonx',
                  'text/json', '') {
        is_problem $http->request('POST', "$base/initiate",
                                  { 'Content-Type' => $type },
                                  "{\"file_id\":$id}"),
            415, 'UNSUPPORTED_MEDIA_TYPE', "'$type'";
    }
    is_problem $http->request('POST', "$base/initiate", {},
                              "{\"file_id\":$id}"),
        415, 'UNSUPPORTED_MEDIA_TYPE', 'none';
};

subtest 'half a body, then silence' => sub {
    my $r = site('hasty')->raw(join "\r\n", "POST $base/initiate HTTP/1.1",
        'Host: 127.0.0.1', 'Content-Type: application/json',
        'Content-Length: 100', '', '{"file_id":7');
    is_problem $r, 408, 'REQUEST_TIMEOUT', 'timed out';
    is $r->{headers}{connection}, 'close', 'and closed';
};

subtest 'malformed chunks' => sub {
    for my $bytes ("zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffff1\r\nx",
                   "-1\r\nx\r\n") {
        my $r = $http->raw(join "\r\n", "POST $base/initiate HTTP/1.1",
            'Host: 127.0.0.1', 'Content-Type: application/json',
            'Transfer-Encoding: chunked', '', $bytes);
        ok $r && $r->{status} =~ /^4(?:00|13)$/, 'refused as malformed';
    }
};

subtest 'too long without saying so' => sub {
    my $chunk = 'x' x 8000;
    my $r = $http->raw(join "\r\n", "POST $base/initiate HTTP/1.1",
        'Host: 127.0.0.1', 'Content-Type: application/json',
        'Transfer-Encoding: chunked', '',
        (map { (sprintf('%x', 8000), $chunk) } 1 .. 9), '0', '', '');
    is_problem $r, 413, 'TOO_LARGE', 'chunks are counted';
};

subtest 'Expect: 100-continue' => sub {
    my $r = $http->raw(join "\r\n", "POST $base/initiate HTTP/1.1",
        'Host: 127.0.0.1', 'Content-Type: application/json',
        'Expect: 100-continue', 'Content-Length: 70000', '', '');
    is_problem $r, 413, 'TOO_LARGE', 'refused before the body is sent';
};

done_testing;
