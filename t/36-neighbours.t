# SPDX-License-Identifier: Apache-2.0
# Beside other modules that send requests elsewhere, and under another name.
use strict;
use warnings;
use Test::More;
use MIME::Base64 qw(encode_base64);
use lib 't/lib';
use DLTest::Site;

my $base = base();
my $http = site('mixed');
my %ann = (Authorization => 'Basic ' . encode_base64('ann:secret', ''));

subtest 'redirects and rewrites come first' => sub {
    my $r = $http->get("$base/moved/x");
    is $r->{status}, 302, 'Redirect';
    is $r->{headers}{location}, 'https://www.example.com/elsewhere/x', 'to';
    is $http->get("$base/secure")->{status}, 403, 'RewriteRule F';
    $r = $http->get("$base/page");
    is $r->{status}, 200, 'rewritten away';
    is $r->{body}, "plain\n", 'to a file';
    ok !exists $r->{headers}{'x-request-id'}, 'not ours any more';
};

subtest 'rewritten to us' => sub {
    my $r = $http->post_json('/jobs/initiate', { file_id => fresh_id() },
                             %ann);
    is $r->{status}, 202, 'admitted';
    like $r->{json}{statusUrl}, qr{^http://127\.0\.0\.1:\d+$base/status/},
        'the place itself is named';
    is $http->get("/jobs/status/$r->{json}{jobId}", %ann)->{status}, 200,
        'status';
    is_problem $http->get('/jobs/nothing', %ann), 404, 'JOB_NOT_FOUND',
        'nothing there';
};

subtest 'an Alias below' => sub {
    is_problem $http->get("$base/plain.txt", %ann), 404, 'JOB_NOT_FOUND',
        'does not show its files';
};

subtest 'ErrorDocument' => sub {
    is_problem $http->get("$base/status/x", %ann), 404, 'JOB_NOT_FOUND',
        'does not take the place of ours';
    my $r = $http->get("$base/status/x");
    is $r->{status}, 401, 'httpd refuses';
    is $r->{json}{errorCode}, 'UNAUTHENTICATED', 'in JSON';
};

subtest 'a section within' => sub {
    is $http->get("$base/status/x")->{status}, 401, 'the API asks who it is';
    is_problem $http->get("$base/objects/x?signature=y"), 403, 'FORBIDDEN',
        'objects ask for a link';
};

subtest 'under another name' => sub {
    my $public = site('public');
    my $job = initiate($public, { file_id => fresh_id() });
    is $job->{statusUrl},
        "https://files.example.com/dl/status/$job->{jobId}", 'statusUrl';
    my $r = $public->get("$base/$job->{jobId}");
    is $r->{headers}{location}, $job->{statusUrl}, 'Location';
};

done_testing;
