# SPDX-License-Identifier: Apache-2.0
# SetHandler dljob-health.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(now_s wait_for);

subtest 'well' => sub {
    my $http = site('main');
    my $r = wait_for(sub {
        my $r = $http->get('/health');
        return $r->{status} == 200 ? $r : undef;
    }, 'the worker has said that it lives');
    is_deeply $r->{json}, { status => 'healthy',
        checks => { map { $_ => 'ok' } qw(storage redis queue workers) } },
        'all is well';
    is $r->{headers}{'cache-control'}, 'no-store', 'not cached';
    is $http->request('HEAD', '/health')->{status}, 200, 'HEAD';
    is_problem $http->request('POST', '/health', {}, ''), 405,
        'METHOD_NOT_ALLOWED', 'POST';
};

subtest 'no worker' => sub {
    my $r = site('still')->get('/health');
    is $r->{status}, 503, 'unhealthy';
    is_deeply $r->{json}, { status => 'unhealthy', checks => {
        storage => 'ok', redis => 'ok', queue => 'ok',
        workers => 'error' } }, 'and why';
};

subtest 'no store' => sub {
    my $start = now_s();
    my $r = site('store')->get('/health');
    is $r->{status}, 503, 'unhealthy';
    is $r->{json}{checks}{storage}, 'error', 'and why';
    is $r->{json}{checks}{redis}, 'ok', 'Redis is well';
    ok now_s() - $start < 2, 'within two seconds';
};

subtest 'no Redis' => sub {
    my $start = now_s();
    my $r = site('away')->get('/health');
    is $r->{status}, 503, 'unhealthy';
    is_deeply $r->{json}, { status => 'unhealthy', checks => {
        storage => 'ok', redis => 'error', queue => 'error',
        workers => 'error' } }, 'and why';
    ok now_s() - $start < 2, 'within two seconds';
};

done_testing;
