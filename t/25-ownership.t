# SPDX-License-Identifier: Apache-2.0
# What belongs to a user is that user's alone, on every route.
use strict;
use warnings;
use Test::More;
use MIME::Base64 qw(encode_base64);
use lib 't/lib';
use DLTest::Site;

my $base = base();

# The answer without what differs between any two requests.
sub answer {
    my ($http, $method, $path) = @_;
    my $r = $http->request($method, "$base$path",
                           { 'X-Request-ID' => 'same' });
    my $json = { %{ $r->{json} // {} } };
    delete $json->{instance};
    return [$r->{status}, $json];
}

subtest 'another user sees nothing' => sub {
    my $unknown = '01234567-89ab-4cde-8f01-23456789abcd';
    my @routes = (['GET', '/status/%s'], ['GET', '/%s/status'],
                  ['GET', '/%s'], ['GET', '/%s?redirect=0'],
                  ['GET', '/%s/stream'], ['DELETE', '/%s']);
    for my $site (qw(still main)) {
        my $ann = site($site, 'X-User' => 'ann');
        my $job = initiate($ann, { file_id => fresh_id() });
        wait_job($ann, $job->{jobId}) if $site eq 'main';
        for my $user ('bob', '', 'an', 'ann ', 'Ann', 'ann%00') {
            my $other = site($site, 'X-User' => $user);
            next if $user =~ / $/;  # httpd trims header values
            for (@routes) {
                my ($method, $path) = @$_;
                is_deeply answer($other, $method,
                                 sprintf $path, $job->{jobId}),
                    answer($other, $method, sprintf $path, $unknown),
                    "$site: $method $path by '$user'";
            }
        }
        isnt job_state($ann, $job->{jobId})->{status}, 'cancelled',
            'and cancels nothing';
    }
};

subtest 'an anonymous job' => sub {
    my $job = initiate(site('still'), { file_id => fresh_id() });
    is site('still')->get("$base/status/$job->{jobId}")->{status}, 200,
        'is open to whoever has no name but its id';
    is site('still', 'X-User' => 'ann')
        ->get("$base/status/$job->{jobId}")->{status}, 404,
        'and not a user\'s';
};

subtest 'names' => sub {
    my $get = sub {
        my ($user) = @_;
        return site('still', 'X-User' => $user)->get("$base/");
    };
    is $get->('x' x 128)->{status}, 200, '128 bytes';
    is_problem $get->('x' x 129), 403, 'FORBIDDEN', '129 bytes';
    is_problem $get->("a\tb"), 403, 'FORBIDDEN', 'a control character';
    is $get->('Jörg')->{status}, 200, 'letters of any kind';
    my $odd = 'a:b*{c}"d\'';
    my $http = site('still', 'X-User' => $odd);
    my $job = initiate($http, { file_id => fresh_id() });
    is job_state($http, $job->{jobId})->{status}, 'queued', 'odd ones';
    is $get->('a')->{json}{jobs}[0], undef, 'keep to themselves';
};

subtest 'Basic authentication' => sub {
    my %by = map { $_ => 'Basic ' . encode_base64("$_:secret", '') }
        qw(ann bob);
    my $http = site('auth');
    my $r = $http->post_json("$base/initiate", { file_id => fresh_id() });
    is_problem $r, 401, 'UNAUTHENTICATED', 'nobody';
    like $r->{headers}{'www-authenticate'}, qr/^Basic realm="files"/,
        'is asked who it is';
    is $r->{headers}{'content-type'}, 'application/json', 'in JSON';
    is_problem $http->get("$base/status/x", Authorization => 'Basic '
                          . encode_base64('ann:wrong', '')),
        401, 'UNAUTHENTICATED', 'a wrong password';
    is $http->get("$base/status/x",
                  Accept => 'application/problem+json')
            ->{headers}{'content-type'}, 'application/problem+json',
        'as the client likes it';
    my $job = initiate($http, { file_id => fresh_id() },
                       Authorization => $by{ann});
    is $http->get("$base/status/$job->{jobId}",
                  Authorization => $by{ann})->{status}, 200, 'its own';
    is_problem $http->get("$base/status/$job->{jobId}",
                          Authorization => $by{bob}),
        404, 'JOB_NOT_FOUND', 'another\'s';
    is redis()->cmd(HGET => "{auth}:job:status:$job->{jobId}", 'userId'),
        'ann', 'the user httpd has authenticated';
    is $http->get("$base/status/$job->{jobId}", 'X-User' => 'ann',
                  Authorization => $by{bob})->{status}, 404,
        'a header does not change who it is';
    my $head = $http->request('HEAD', "$base/status/x", {});
    is $head->{status}, 401, 'HEAD';
    is $head->{headers}{'content-type'}, 'application/json', 'alike';
};

done_testing;
