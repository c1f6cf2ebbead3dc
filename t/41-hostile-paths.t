# SPDX-License-Identifier: Apache-2.0
# Hostile paths: tricks in job ids and object keys, wrong methods.
use strict;
use warnings;
use lib 't/lib';
use DLTest::Hostile;
use DLTest::Site qw(base);
use Test::More;

my $hostile = DLTest::Hostile->new;
my $ID = '3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90';
my $JOB = qr/^Job not found or expired$/;
my $PATH = qr/^There is nothing at this path$/;

# Malformed or unknown: one and the same answer.
my %same;
for my $id (
    $ID,                                            # of our form, but unknown
    'x', '0', '-1', 'null', 'undefined', 'unknown', '~', '*', '{jobId}',
    uc $ID, "${ID}0", substr($ID, 1), $ID =~ s/-//gr, "%7B$ID%7D",
    $ID =~ s/-4/-1/r, $ID =~ s/-9b/-cb/r, $ID =~ s/90$/9g/r, "$ID,", "$ID%20",
    "%20$ID", "$ID;x=y", '00000000-0000-0000-0000-000000000000',
    '%7Bdljob%7D:job:status', 'a:b', "$ID*", "'%20OR%201=1--", '%24%7Bjndi%7D',
    '%3Cscript%3E', 'a' x 4000, "caf%C3%A9", '%F0%9F%98%80', '.htaccess',
    '...', '..%3B', 'initiate.json', 'index.html', 'server-status'
) {
    my $short = length $id > 50 ? substr($id, 0, 50) . '...' : $id;
    for (["/status/$id", 'GET'], ["/$id/status", 'GET'], ["/$id", 'GET'],
         ["/$id", 'DELETE'], ["/$id/stream", 'GET']) {
        my ($path, $method) = @$_;
        my $r = $hostile->request("$method id $short", $method => $path, {},
                                  undef, 404, 'JOB_NOT_FOUND', $JOB);
        my $body = { %{ $r->{json} } };
        delete @$body{qw(requestId instance)};
        $same{ join '|', map { "$_=$body->{$_}" } sort keys %$body }++;
    }
}
is keys %same, 1, 'all of these ids get the same answer';

# Paths that are none of ours, and tricks that decoding would hide.
$hostile->request("path $_", GET => $_, {}, undef, 404, 'NOT_FOUND', $PATH)
    for (
    '/initiate/', '/check/', "/$ID/", "/status/$ID/", "/$ID/status/",
    "/$ID/stream/", '/stream/', '/openapi.json/', "/$ID/other", '/a/b/c',
    "/status/$ID/x", '/status/', "/$ID/status/stream", '/objects/',
    '/objects/a/',
    # doubled slashes and dots
    '//', "//$ID", "/status//$ID", "/$ID//status", '///', "/./$ID",
    "/../download/$ID", "/status/../$ID", "/status/./$ID", "/x/../$ID",
    "/$ID/.", "/status/$ID/..",
    # hidden by encoding
    '/%2e', "/%2e%2e/download/$ID", "/status/%2e%2e/$ID",
    "/.%2e/download/$ID", "/%2E%2E/download/$ID", "/$ID%2e", '/%5c..%5cx',
    "/$ID%0a", "/$ID%0d%0aX-Evil:%20y", '/%01', '/%7f', '/%ff', '/%c0%af',
    '/%ed%a0%80', "/status%5c$ID", "/$ID%09",
    # object keys
    '/objects/..', '/objects/../x', '/objects/a/../../b', '/objects/./a',
    '/objects/a//b', '/objects//etc/passwd', '/objects/%2e%2e/x',
    '/objects/a/%2e%2e/%2e%2e/b', '/objects/a%5c..%5cb', '/objects/%0a',
    '/objects/a%0d%0aX:y', '/objects/%ff', '/objects/%c0%ae%c0%ae/x',
    '/objects/' . 'k' x 1025, '/objects/' . 'a/' x 600 . 'b',
);

# A key of good form without a signature that holds.
for my $query ('', '?', '?expires=9999999999', '?signature=x',
               '?expires=9999999999&signature=', '?expires=0&signature=0',
               '?expires=9999999999&signature=' . '0' x 64,
               '?expires=-1&signature=' . 'a' x 64,
               '?expires=1e9&signature=' . 'a' x 64,
               '?expires=99999999999999999999&signature=' . 'a' x 64,
               '?expires=9999999999&expires=1&signature=' . 'a' x 64,
               '?expires=%39&signature=' . 'a' x 64,
               '?signature=' . 'a' x 6000,
               '?expires=9999999999&signature=' . '%00' x 64,
               '?' . '&' x 3000, '?expires[]=1&signature[]=1') {
    my $short = length $query > 50 ? substr($query, 0, 50) . '...' : $query;
    $hostile->request("object $short", GET => "/objects/files/70000$query",
                      {}, undef, 403, 'FORBIDDEN', qr/^The link /);
}

# Wrong methods: 405, and Allow has the right ones.
my $GET = 'GET, HEAD, OPTIONS';
for (
    ['/initiate', 'POST, OPTIONS', qw(GET PUT PATCH DELETE)],
    ['/check', 'POST, OPTIONS', qw(GET PUT DELETE)],
    ['/start', 'POST, OPTIONS', qw(GET PUT DELETE)],
    ["/status/$ID", $GET, qw(POST PUT PATCH DELETE)],
    ["/$ID/status", $GET, qw(POST DELETE)],
    ["/$ID/stream", $GET, qw(POST DELETE)],
    ["/$ID", 'GET, HEAD, DELETE, OPTIONS', qw(POST PUT PATCH)],
    ['/not-an-id', 'GET, HEAD, DELETE, OPTIONS', qw(POST PUT)],
    ['/', $GET, qw(POST PUT DELETE)],
    ['/stream', $GET, qw(POST DELETE)],
    ['/openapi.json', $GET, qw(POST DELETE)],
    ['/objects/a', $GET, qw(POST PUT DELETE)],
    ['/initiate', 'POST, OPTIONS', qw(PROPFIND LOCK MKCOL REPORT)],
    ["/$ID", 'GET, HEAD, DELETE, OPTIONS',
     qw(FOO get delete Get PURGE LINK M-SEARCH), 'A' x 200],
) {
    my ($path, $allow, @methods) = @$_;
    for my $method (@methods) {
        my $short = length $method > 20 ? 'a long method' : $method;
        my $r = $hostile->request("$short $path", $method => $path, {}, undef,
                                  405, 'METHOD_NOT_ALLOWED', qr/see Allow/);
        is $r->{headers}{allow}, $allow, 'Allow';
    }
}

# What httpd itself refuses before a path has a meaning.
$hostile->raw("httpd: $_->[0]",
    "GET @{[base()]}$_->[1] HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    $_->[2]) for (
    ['an encoded slash', "/status%2f$ID", '404'],
    ['an encoded slash in a key', '/objects/a%2fb', '404'],
    ['an encoded NUL', "/$ID%00", '400|404'],
    ['half an escape', '/%4', '400'],
    ['an escape of letters', '/%zz', '400'],
    ['8 KB of path', '/' . 'a' x 9000, '414'],
    ['above the root', '/../../../../etc/passwd', '400'],
);

$hostile->finish(316);
