# SPDX-License-Identifier: Apache-2.0
# Hostile bytes on the wire: framing, smuggling, half requests.
#
# What is no HTTP is refused by httpd itself, before a path has a meaning;
# of those answers the status is all there is to check.
use strict;
use warnings;
use lib 't/lib';
use DLTest::Hostile;
use DLTest::Site qw(base is_problem);
use Test::More;

my $hostile = DLTest::Hostile->new;
my $http = $hostile->http;
my $base = base();
my $GOOD = '{"file_id":70000}';

# A POST of /initiate with these lines after the usual ones, and a body.
sub post {
    my ($body, @lines) = @_;
    return join "\r\n", "POST $base/initiate HTTP/1.1", 'Host: 127.0.0.1',
        'Content-Type: application/json', 'Connection: close', @lines, '',
        $body;
}

# ... in chunks, as written.
sub chunked {
    my ($body, @lines) = @_;
    return post($body, 'Transfer-Encoding: chunked', @lines);
}

# Sent whole, but it is not what it says: our own words.
sub refused {
    my ($what, $bytes, $status, $code, $message) = @_;
    my $r = $http->raw($bytes);
    ok $r, "$what: an answer" or return;
    return $hostile->judge($what, $r, $status, $code, $message);
}

my $BROKEN = qr/^The request body ended early or is malformed$/;
refused("chunks: $_->[0]", chunked($_->[1]), 400, 'INVALID_REQUEST', $BROKEN)
    for (
    ['letters for a length', "zz\r\n$GOOD\r\n0\r\n\r\n"],
    ['no length', "\r\n$GOOD\r\n0\r\n\r\n"],
    ['negative', "-11\r\n$GOOD\r\n0\r\n\r\n"],
    ['a plus', "+11\r\n$GOOD\r\n0\r\n\r\n"],
    ['0x', "0x11\r\n$GOOD\r\n0\r\n\r\n"],
    ['a blank before', " 11\r\n$GOOD\r\n0\r\n\r\n"],
    ['no line feed after', "11\r\n${GOOD}0\r\n\r\n"],
    ['a byte too many', "11\r\n${GOOD}x\r\n0\r\n\r\n"],
    ['a NUL in the length', "1\0001\r\n$GOOD\r\n0\r\n\r\n"],
);
refused("chunks: $_->[0]", chunked($_->[1]), 413, 'TOO_LARGE', qr/65536/)
    for (
    ['20 digits of length', 'f' x 20 . "\r\n$GOOD\r\n0\r\n\r\n"],
    ['64 KiB and one byte', "10001\r\n" . ' ' x 65_537 . "\r\n0\r\n\r\n"],
    ['many of 1 KiB', ('400' . "\r\n" . ' ' x 1024 . "\r\n") x 80
     . "0\r\n\r\n"],
    ['70,000 of one byte', "1\r\n \r\n" x 70_000 . "0\r\n\r\n"],
);
refused("chunks: $_->[0]", chunked($_->[1]), 400, $_->[2], $_->[3]) for (
    ['nothing', "0\r\n\r\n", 'INVALID_JSON', qr/byte 0: the text is empty$/],
    ['a character cut by two', "8\r\n{\"x\":\"\xc3\x28\r\n2\r\n\"}\r\n"
     . "0\r\n\r\n", 'INVALID_JSON', qr/byte 6: this is not valid UTF-8$/],
    ['cut after a brace', "1\r\n{\r\n0\r\n\r\n", 'INVALID_JSON', qr/byte 1/],
    ['an id cut short', "12\r\n{\"file_ids\":[7000\r\n1\r\n]\r\n0\r\n\r\n",
     'INVALID_REQUEST', $BROKEN],
    ['trailers', "d\r\n{\"file_id\":1}\r\n0\r\nX-User: root\r\n\r\n",
     'INVALID_FILE_ID', qr/^file_id: 1 is below 10000$/],
    ['an extension', "d;x=\"y\"\r\n{\"file_id\":1}\r\n0\r\n\r\n",
     'INVALID_FILE_ID', qr/^file_id: 1 is below 10000$/],
);

# Lengths.
refused('Content-Length above the body\'s bound',
        post('', 'Content-Length: 65537'), 413, 'TOO_LARGE', qr/65536 bytes/);
refused('Content-Length of terabytes',
        post('', 'Content-Length: 9999999999999'), 413, 'TOO_LARGE',
        qr/65536 bytes/);
refused('a body that is expected first',
        post('', 'Content-Length: 9999999', 'Expect: 100-continue'), 413,
        'TOO_LARGE', qr/65536 bytes/);
refused('no length at all', post($GOOD), 400, 'INVALID_JSON',
        qr/byte 0: the text is empty$/);
refused('a length of 0', post($GOOD, 'Content-Length: 0'), 400,
        'INVALID_JSON', qr/byte 0: the text is empty$/);
refused('a length that cuts', post($GOOD, 'Content-Length: 16'), 400,
        'INVALID_JSON', qr/byte 16: "," or "}" is expected$/);
$hostile->raw("Content-Length $_", post($GOOD, "Content-Length: $_"), '400')
    for '-1', 'x', '17x', '+17', '0x11', '17 17', '1e1', '', '17,18',
        '9' x 30;
$hostile->raw('two lengths', post($GOOD, 'Content-Length: 17',
                                  'Content-Length: 18'), '400');

# One request must not become two (smuggling).
my $second = "GET $base/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
$hostile->raw("Transfer-Encoding $_",
    post("0\r\n\r\n$second", "Transfer-Encoding: $_",
         'Content-Length: 5'), '400|501')
    for 'xchunked', 'chunked, identity', 'identity', 'gzip', 'chunked;q=1',
        "\x0bchunked", 'chunked, gzip';
for my $lines (['Transfer-Encoding: chunked', 'Content-Length: 5'],
               ['Content-Length: 5', 'Transfer-Encoding: chunked'],
               ['Content-Length: 6', 'Transfer-Encoding: chunked']) {
    my $r = refused("both: @$lines", post("0\r\n\r\n$second", @$lines), 400,
                    'INVALID_JSON', qr/byte 0: the text is empty$/);
    is $r->{headers}{connection}, 'close', 'and the connection ends';
    is $http->{buf}, '', 'with no second answer';
}
$hostile->raw("header: $_->[0]", post($GOOD, $_->[1], 'Content-Length: 17'),
              '400') for (
    ['a blank before the colon', 'Transfer-Encoding : chunked'],
    ['a name with a blank', 'X Y: z'],
    ['no colon', 'nonsense'],
    ['no name', ': x'],
    ['a NUL', "X: a\0b"],
    ['a bare CR', "X: a\rb"],
    ['8 KB and more', 'X: ' . 'x' x 9000],
    ['101 of them', join "\r\n", map { "X-$_: y" } 1 .. 101],
);

# Request lines.
my $rest = "Host: 127.0.0.1\r\nConnection: close\r\n\r\n";
$hostile->raw("line: $_->[0]", "$_->[1]\r\n$rest", $_->[2]) for (
    ['no version', "GET $base/", '400|closed'],
    ['HTTP/1.1x', "GET $base/ HTTP/1.1x", '400'],
    ['lower case', "GET $base/ http/1.1", '400'],
    ['two blanks', "GET  $base/ HTTP/1.1", '400'],
    ['a tab', "GET\t$base/ HTTP/1.1", '400'],
    ['a blank in the path', "GET $base/a b HTTP/1.1", '400'],
    ['no path', 'GET HTTP/1.1', '400'],
    ['no slash', 'GET v1/download/ HTTP/1.1', '400'],
    ['a control character', "GET $base/\x01 HTTP/1.1", '400'],
    ['8-bit', "GET $base/\xff HTTP/1.1", '404|400'],
    ['a method of signs', "G\@T $base/ HTTP/1.1", '400'],
    ['no method', " $base/ HTTP/1.1", '400'],
    ['CONNECT', 'CONNECT 127.0.0.1:6379 HTTP/1.1', '400|405'],
    ['TRACE', "TRACE $base/ HTTP/1.1", '405'],
    ['Redis', "SET $base/ x", '400'],
    ['TLS', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", '400'],
);
$hostile->raw('no Host', "GET $base/ HTTP/1.1\r\n\r\n", '400');
$hostile->raw("Host $_", "GET $base/ HTTP/1.1\r\nHost: $_\r\n"
              . "Connection: close\r\n\r\n", '400')
    for 'a b', "a/b", 'a"b', "a\0b", '[::1', 'a:b:c', "a\xff";

# Half a request, then silence.
my $r = $http->raw(join "\r\n", "POST $base/initiate HTTP/1.1",
    'Host: 127.0.0.1', 'Content-Type: application/json',
    'Content-Length: 17', '', '{"file_id"');
$hostile->judge('half a body', $r, 408, 'REQUEST_TIMEOUT', qr/in time/);
$r = $http->raw(join "\r\n", "POST $base/initiate HTTP/1.1",
    'Host: 127.0.0.1', 'Content-Type: application/json',
    'Transfer-Encoding: chunked', '', '11', '{"file_id"');
$hostile->judge('half a chunk', $r, 408, 'REQUEST_TIMEOUT', qr/in time/);
$hostile->raw('half a head', "POST $base/initiate HTTP/1.1\r\nHost: 127",
              '408|closed');

$hostile->finish(81);
