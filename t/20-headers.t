# SPDX-License-Identifier: Apache-2.0
# Headers that every answer has: request ids, caching, sniffing, CORS.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(wait_for);

my $base = base();
my $still = site('still');
my $uuid = qr/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}
               -[0-9a-f]{12}$/x;
my $job = initiate($still, { file_id => fresh_id() });
my @answers = (
    ['initiate', 'POST', '/initiate', '{"file_id":' . fresh_id() . '}'],
    ['status', 'GET', "/status/$job->{jobId}"],
    ['result', 'GET', "/$job->{jobId}"],
    ['check', 'POST', '/check', '{"file_id":' . fresh_id() . '}'],
    ['openapi', 'GET', '/openapi.json'],
    ['not found', 'GET', '/nothing/here'],
    ['wrong method', 'PUT', '/initiate', '{}'],
    ['bad object', 'GET', '/objects/x?signature=y'],
    ['unauthenticated list', 'GET', '/'],
);

subtest 'on every answer' => sub {
    for (@answers) {
        my ($what, $method, $path, $body) = @$_;
        my %headers = ('X-Request-ID' => 'my.own-id_1');
        $headers{'Content-Type'} = 'application/json' if $body;
        my $r = $still->request($method, "$base$path", \%headers, $body);
        is $r->{headers}{'x-request-id'}, 'my.own-id_1', "$what: echoed";
        is $r->{headers}{'x-content-type-options'}, 'nosniff',
            "$what: nosniff";
        is $r->{headers}{'cache-control'}, 'no-store', "$what: not cached";
        ok !exists $r->{headers}{'access-control-allow-origin'},
            "$what: no CORS where it is off";
    }
};

subtest 'request ids' => sub {
    my %seen;
    for my $bad (undef, '', 'a b', 'x' x 129, "a\tb", 'a;b', '<x>', 'ä') {
        my $id = $still->get("$base/status/x", 'X-Request-ID' => $bad)
                       ->{headers}{'x-request-id'};
        like $id, $uuid, 'a UUID instead of ' . ($bad // 'nothing');
        ok !$seen{$id}++, 'another one each time';
    }
    is $still->get("$base/status/x", 'X-Request-ID' => 'x' x 128)
             ->{headers}{'x-request-id'}, 'x' x 128, '128 are taken';
    my $r = $still->raw("GET $base/x HTTP/1.1\r\nHost: a\r\n"
                        . "X-Request-ID: a\r\nX-Request-ID: b\r\n\r\n");
    like $r->{headers}{'x-request-id'}, $uuid, 'two are none';
};

subtest 'logs' => sub {
    my $id = "log-$$";
    $still->get("$base/status/$job->{jobId}", 'X-Request-ID' => $id);
    my $line = wait_for(sub {
        open my $in, '<', var('t_logs') . '/access_log' or die $!;
        my ($found) = grep { / id=$id / } <$in>;
        return $found;
    }, 'the access log has the line');
    like $line, qr/job=\Q$job->{jobId}\E /, 'the note DLJOB_ID';
};

subtest 'the request id stays with the job' => sub {
    my $id = "trace-$$";
    my $made = initiate($still, { file_id => fresh_id() },
                        'X-Request-ID' => $id);
    is redis()->cmd(HGET => "{still}:job:status:$made->{jobId}",
                    'requestId'), $id, 'in its hash';
};

subtest 'traceparent' => sub {
    my $trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    my $made = initiate($still, { file_id => fresh_id() },
                        traceparent => "00-$trace-00f067aa0ba902b7-01",
                        tracestate => 'a=1,b=2');
    my %hash = redis()->hash("{still}:job:status:$made->{jobId}");
    like $hash{traceparent}, qr/^00-$trace-[0-9a-f]{16}-01$/, 'goes on';
    unlike $hash{traceparent}, qr/00f067aa0ba902b7/, 'with our span';
    is $hash{tracestate}, 'a=1,b=2', 'tracestate';
    $made = initiate($still, { file_id => fresh_id() },
                     traceparent => '00-' . '0' x 32 . '-00f067aa0ba902b7-01',
                     tracestate => 'a=1');
    %hash = redis()->hash("{still}:job:status:$made->{jobId}");
    like $hash{traceparent}, qr/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-0\d$/,
        'an invalid one is not followed';
    ok !exists $hash{tracestate}, 'nor its state';
};

subtest 'CORS' => sub {
    my $cors = site('cors');
    my $get = sub {
        my ($origin, $path) = @_;
        return $cors->get(($path // $base) . '/status/x', Origin => $origin)
                    ->{headers};
    };
    for my $origin ('https://app.example.com', 'http://localhost:3000') {
        my $h = $get->($origin);
        is $h->{'access-control-allow-origin'}, $origin, $origin;
        is $h->{'access-control-allow-credentials'}, 'true', 'credentials';
        like $h->{vary}, qr/\bOrigin\b/, 'Vary';
        for my $name (qw(Location Retry-After ETag RateLimit X-Request-ID
                         Deprecation)) {
            like $h->{'access-control-expose-headers'}, qr/\b\Q$name\E\b/,
                "exposes $name";
        }
    }
    for my $origin ('https://evil.example', 'http://app.example.com', 'null',
                    'https://app.example.com.evil.example',
                    'https://app.example.com:8443', undef) {
        my $h = $get->($origin);
        ok !exists $h->{'access-control-allow-origin'},
            'not ' . ($origin // 'without Origin');
        like $h->{vary}, qr/\bOrigin\b/, 'Vary all the same';
    }
    my $h = $get->('https://evil.example', '/any');
    is $h->{'access-control-allow-origin'}, '*', 'any';
    ok !exists $h->{'access-control-allow-credentials'},
        'but without credentials';
};

subtest 'preflight' => sub {
    my $cors = site('cors');
    for my $path ('/initiate', "/$job->{jobId}", '/', '/check') {
        my $r = $cors->request('OPTIONS', "$base$path", {
            Origin => 'https://app.example.com',
            'Access-Control-Request-Method' => 'POST',
            'Access-Control-Request-Headers' => 'content-type' });
        my $h = $r->{headers};
        is $r->{status}, 204, $path;
        is $h->{'access-control-allow-origin'}, 'https://app.example.com',
            'origin';
        like $h->{'access-control-allow-methods'}, qr/\b$_\b/, $_
            for qw(GET POST DELETE OPTIONS);
        like lc $h->{'access-control-allow-headers'}, qr/\b$_\b/, $_
            for qw(content-type idempotency-key traceparent if-none-match
                   last-event-id prefer x-request-id authorization);
        like $h->{'access-control-max-age'}, qr/^\d+$/, 'for a while';
        like $h->{allow}, qr/OPTIONS/, 'Allow';
    }
    my $r = $cors->request('OPTIONS', "$base/initiate", {
        Origin => 'https://evil.example',
        'Access-Control-Request-Method' => 'POST' });
    ok !exists $r->{headers}{'access-control-allow-origin'},
        'not for a stranger';
    my $made = initiate($cors, { file_id => fresh_id() });
    my $status = "$base/status/$made->{jobId}";
    my $etag = $cors->get($status)->{headers}{etag};
    $r = $cors->get($status, 'If-None-Match' => $etag,
                    Origin => 'https://app.example.com');
    is $r->{status}, 304, 'what is not modified';
    is $r->{headers}{'access-control-allow-origin'},
        'https://app.example.com', 'can be read by the page too';
    is $r->{headers}{'x-request-id'}, $r->{headers}{'x-request-id'} // 'one',
        'with its request id';
};

# Browsers ask without credentials.
subtest 'preflight before authentication' => sub {
    my $auth = site('auth');
    my %ask = (Origin => 'https://app.example.com',
               'Access-Control-Request-Method' => 'DELETE');
    my $r = $auth->request('OPTIONS', "$base/$job->{jobId}", \%ask);
    is $r->{status}, 204, 'answered';
    is $r->{headers}{'access-control-allow-origin'},
        'https://app.example.com', 'with the origin';
    is $auth->get("$base/status/x")->{status}, 401, 'what is asked for';
    $r = $auth->get("$base/status/x", Origin => 'https://app.example.com');
    is $r->{headers}{'access-control-allow-origin'},
        'https://app.example.com', 'and a page can read that';
    is $auth->request('OPTIONS', "$base/status/x")->{status}, 401,
        'OPTIONS of another kind';
};

done_testing;
