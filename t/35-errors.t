# SPDX-License-Identifier: Apache-2.0
# What HTTP asks for: methods, Accept, paths, error bodies; and where the
# API is.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;

my $base = base();
my $http = site('still');
my $job = initiate($http, { file_id => fresh_id() });
my $id = $job->{jobId};

subtest 'methods' => sub {
    my %allow = (
        '/initiate' => 'POST', '/check' => 'POST', '/start' => 'POST',
        "/status/$id" => 'GET', "/$id/status" => 'GET',
        "/$id/stream" => 'GET', '/stream' => 'GET', "/$id" => 'GET DELETE',
        '/' => 'GET', '/openapi.json' => 'GET', '/objects/x' => 'GET',
    );
    for my $path (sort keys %allow) {
        my %may = map { $_ => 1 } split / /, $allow{$path};
        for my $method (qw(GET POST PUT PATCH DELETE)) {
            next if $may{$method};
            my $r = $http->request($method, "$base$path", {}, '');
            is_problem $r, 405, 'METHOD_NOT_ALLOWED', "$method $path";
            like $r->{headers}{allow}, qr/\b$_\b/, "Allow: $_"
                for keys %may, 'OPTIONS';
        }
    }
    my $r = $http->request('BREW', "$base/initiate", {}, '');
    ok $r->{status} == 405 || $r->{status} == 501, 'an unknown method';
    is $http->request('TRACE', "$base/initiate")->{status}, 405, 'TRACE';
};

subtest 'Accept' => sub {
    for my $accept ('application/json', 'application/*', '*/*',
                    'application/problem+json', 'text/html, */*;q=0.1') {
        is $http->get("$base/status/$id", Accept => $accept)->{status}, 200,
            $accept;
    }
    for my $accept ('text/html', 'image/png, text/*',
                    'application/json;q=0', 'text/event-stream') {
        is_problem $http->get("$base/status/$id", Accept => $accept), 406,
            'NOT_ACCEPTABLE', $accept;
    }
};

subtest 'problem+json' => sub {
    my $r = $http->get("$base/status/x",
                       Accept => 'application/problem+json');
    is $r->{headers}{'content-type'}, 'application/problem+json', 'asked';
    is_problem $r, 404, 'JOB_NOT_FOUND', 'the same body';
    $r = $http->get("$base/status/x");
    is $r->{headers}{'content-type'}, 'application/json', 'not asked';
    is $r->{json}{instance}, "$base/status/x", 'instance';
    $r = $http->get("$base/status/x", Accept => '*/*');
    is $r->{headers}{'content-type'}, 'application/json', 'anything';
};

subtest 'paths' => sub {
    for my $path ('/nothing', '/status', '/status/', "/status/$id/more",
                  "/$id/nothing", "/$id/", "/status/$id/", '/initiate/',
                  '//initiate', '/./initiate', '/x/../initiate',
                  '/initiate%2f', '/%00', '/objects', '/objects/',
                  '/%2e%2e/x') {
        for my $method (qw(GET POST)) {
            my $r = $http->request($method, "$base$path",
                                   { 'Content-Type' => 'application/json' },
                                   $method eq 'POST' ? '{}' : undef);
            ok $r->{status} =~ /^40[045]$/, "$method $path: $r->{status}";
            ok $r->{json}, 'in JSON' unless $path =~ /%/;  # httpd's own
        }
    }
    is $http->get("${base}x")->{status}, 404, 'not below the base';
};

subtest 'errors of httpd itself' => sub {
    my $r = $http->get("$base/%");
    ok $r->{status} =~ /^40[04]$/, 'a malformed escape';
    $r = $http->raw("GET $base/status/x HTTP/1.1\r\n\r\n");
    is $r->{status}, 400, 'no Host';
    $r = $http->get("$base/" . 'x' x 9000);
    is $r->{status}, 414, 'a long path';
};

subtest 'nothing internal is told' => sub {
    my $away = site('away');
    for my $r ($away->get("$base/status/$id"),
               $away->post_json("$base/initiate",
                                { file_id => fresh_id() })) {
        is_problem $r, 503, 'REDIS_UNAVAILABLE', 'Redis is away';
        unlike $r->{body}, qr/sock|refused|unix|No such file/i,
            'and where it should be is not said';
        like $r->{headers}{'retry-after'}, qr/^\d+$/, 'Retry-After';
    }
};

# The same API wherever the site has put it.
subtest 'places' => sub {
    my $origin = "http://127.0.0.1:$http->{port}";
    for my $place ('/api/files', '/red/jobs', '/blue/jobs', '/some/wild',
                   '/slash') {
        my $r = $http->post_json("$place/initiate",
                                 { file_id => fresh_id() });
        is $r->{status}, 202, $place;
        is $r->{json}{statusUrl},
            "$origin$place/status/$r->{json}{jobId}", 'statusUrl';
        is $http->get("$place/status/$r->{json}{jobId}")->{status}, 200,
            'status';
        is $http->get("$place/openapi.json")->{status}, 200, 'openapi';
    }
    my $r = $http->get('/a%20b/wild/status/x');
    is $r->{status}, 404, 'a place with a space';
    $r = $http->post_json('/a%0d%0aX-Evil:%201/wild/initiate',
                          { file_id => fresh_id() });
    ok !exists $r->{headers}{'x-evil'}, 'no header is smuggled in';
    $r = $http->post_json("$base/initiate", { file_id => fresh_id() },
                          Host => 'files.example.org');
    like $r->{json}{statusUrl}, qr{^http://files\.example\.org},
        'the name the client knows';
};

subtest 'openapi.json' => sub {
    my $r = $http->get("$base/openapi.json");
    is $r->{status}, 200, 'there';
    like $r->{json}{openapi}, qr/^3\.1\./, 'OpenAPI 3.1';
    ok $r->{json}{paths}{'/initiate'}{post}, 'describes initiate';
    is $http->get("$base/openapi.json",
                  'If-None-Match' => $r->{headers}{etag})->{status}, 304,
        'ETag';
};

done_testing;
