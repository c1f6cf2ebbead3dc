# SPDX-License-Identifier: Apache-2.0
# Redis stopped: 503 in under a second; started again: all goes on by itself.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Process;
use DLTest::Redis;
use DLTest::Site;
use DLTest::Wait qw(now_s wait_for);

my $base = base();
my $http = site('away');
my $dir = var('dl_dir');
my $process;

sub start_redis {
    mkdir "$dir/redis-away";
    $process = DLTest::Process->new(
        name => 'redis', log => var('t_logs') . '/redis-away.log',
        command => ['redis-server', '--port', 0,
                    '--unixsocket', var('dl_away'),
                    '--unixsocketperm', 777, '--save', '',
                    '--appendonly', 'no', '--dir', "$dir/redis-away"]);
    return DLTest::Redis->connect_when_up(socket => var('dl_away'));
}

sub is_away {
    my ($what) = @_;
    for my $try (1 .. 5) {
        my $start = now_s();
        my $r = $http->post_json("$base/initiate",
                                 { file_id => fresh_id() });
        is_problem $r, 503, 'REDIS_UNAVAILABLE', "$what: initiate $try";
        ok now_s() - $start < 1, 'within a second';
        $start = now_s();
        $r = $http->get("$base/status/01234567-89ab-4cde-8f01-23456789abcd");
        is_problem $r, 503, 'REDIS_UNAVAILABLE', "$what: status $try";
        ok now_s() - $start < 1, 'within a second';
    }
}

sub is_back {
    my ($what) = @_;
    my $start = now_s();
    my $job = wait_for(sub {
        my $r = $http->post_json("$base/initiate",
                                 { file_id => fresh_id() });
        return $r->{status} == 202 ? $r->{json} : undef;
    }, 'initiate works again');
    cmp_ok now_s() - $start, '<', 2, "$what: back within two seconds";
    is job_state($http, $job->{jobId})->{status}, 'queued', 'status';
}

subtest 'not there' => sub { is_away('not there') };

start_redis();
subtest 'there' => sub { is_back('there') };

$process->stop;
subtest 'stopped' => sub { is_away('stopped') };

start_redis();
subtest 'started again' => sub { is_back('started again') };

$process->signal('STOP');
subtest 'hanging' => sub { is_away('hanging') };
$process->signal('CONT');
subtest 'going on' => sub {
    wait_for(sub { $http->get("$base/status/01234567-89ab-4cde-8f01-"
                              . '23456789abcd')->{status} == 404 },
             'status works again');
    is_back('going on');
};

subtest 'scripts forgotten' => sub {
    DLTest::Redis->new(socket => var('dl_away'))->cmd(SCRIPT => 'FLUSH');
    is $http->post_json("$base/initiate", { file_id => fresh_id() })
            ->{status}, 202, 'nobody notices';
};

$process->stop;
done_testing;
