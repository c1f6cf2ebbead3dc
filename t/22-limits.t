# SPDX-License-Identifier: Apache-2.0
# Rate limit, active jobs, a full queue: refused, told when to come back,
# and let in then.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(now_s wait_for);

my $base = base();

sub ask {
    my ($http, %headers) = @_;
    return $http->post_json("$base/initiate", { file_id => fresh_id() },
                            %headers);
}

subtest 'rate limit' => sub {
    my $http = site('rate', 'X-User' => "r$$");
    my $id = fresh_id();
    for my $left (3, 2, 1, 0) {
        my $r = $http->post_json("$base/initiate",
                                 { file_id => $left == 3 ? $id
                                                         : fresh_id() });
        is $r->{status}, 202, "$left left";
        is $r->{headers}{'ratelimit-policy'}, '"default";q=4;w=3', 'policy';
        like $r->{headers}{ratelimit}, qr/^"default";r=$left;t=[0-3]$/,
            'RateLimit';
        is $r->{headers}{'ratelimit-limit'}, 4, 'RateLimit-Limit';
        is $r->{headers}{'ratelimit-remaining'}, $left,
            'RateLimit-Remaining';
        like $r->{headers}{'ratelimit-reset'}, qr/^[0-3]$/,
            'RateLimit-Reset';
    }
    my $r = ask($http);
    is_problem $r, 429, 'RATE_LIMITED', 'one too many';
    like $r->{headers}{'retry-after'}, qr/^[1-6]$/, 'when to come back';
    is $r->{headers}{'ratelimit-remaining'}, 0, 'nothing left';
    my $again = $http->post_json("$base/initiate", { file_id => $id });
    is $again->{status}, 200, 'what exists costs nothing';
    is ask(site('rate', 'X-User' => "s$$"))->{status}, 202,
        'others are not touched';

    my $until = now_s() + $r->{headers}{'retry-after'};
    wait_for(sub { now_s() > $until }, 'Retry-After passes');
    is ask($http)->{status}, 202, 'let in when it said so';
};

subtest 'active jobs' => sub {
    my $http = site('active', 'X-User' => "a$$");
    my @jobs = map { ask($http)->{json} } 1 .. 2;
    my $r = ask($http);
    is_problem $r, 429, 'TOO_MANY_JOBS', 'a third',
        qr/^Maximum concurrent downloads reached$/;
    like $r->{headers}{'retry-after'}, qr/^\d+$/, 'Retry-After';
    is ask(site('active', 'X-User' => "b$$"))->{status}, 202,
        'another user';
    $http->delete("$base/$jobs[0]{jobId}");
    is ask($http)->{status}, 202, 'after one has ended';
};

subtest 'full queue' => sub {
    my $http = site('full');
    my @jobs = map { ask($http)->{json} } 1 .. 3;
    my $r = ask($http);
    is_problem $r, 503, 'QUEUE_FULL', 'a fourth',
        qr/^Queue is full\. Please try again later\.$/;
    is $r->{json}{error}, 'Service temporarily unavailable', 'error';
    like $r->{headers}{'retry-after'}, qr/^\d+$/, 'Retry-After';
    is_problem $http->post_json("$base/initiate",
                                { file_ids => [fresh_id(), fresh_id()] }),
        503, 'QUEUE_FULL', 'nor two at once';
    is $http->post_json("$base/initiate",
                        { file_id => $jobs[0]{fileId} })->{status}, 200,
        'what is queued already can be joined';
    my $two = $http->get('/health');
    is $two->{json}{checks}{queue}, 'error', 'health says so';
    $http->delete("$base/$_->{jobId}") for @jobs, $jobs[0];
    is ask($http)->{status}, 202, 'after there is room';
};

subtest 'priority' => sub {
    is_problem site('main', 'X-User' => 'ann')
        ->post_json("$base/initiate", { file_id => fresh_id(),
                                        priority => 'high' }),
        403, 'FORBIDDEN', 'high is for those who may';
    for my $priority (qw(high normal low)) {
        is site('main', 'X-User' => 'vip')
            ->post_json("$base/initiate", { file_id => fresh_id(),
                                            priority => $priority })
            ->{status}, 202, "vip: $priority";
    }
};

done_testing;
