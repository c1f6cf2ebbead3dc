# SPDX-License-Identifier: Apache-2.0
# SetHandler dljob-metrics: the format, the figures, and what is left of them
# when Redis or the store is away.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::EventStream;
use DLTest::Metrics;
use DLTest::Process;
use DLTest::Redis;
use DLTest::Site;
use DLTest::Wait qw(now_s wait_for);

my $base = base();
my $main = site('main');

# The metrics of a site, each time on a connection of its own, so that any
# child may answer.
sub scrape {
    my ($http) = @_;
    $http->close;
    my $r = $http->get('/metrics');
    die "metrics: $r->{status} $r->{body}\n" unless $r->{status} == 200;
    return metrics($r->{body});
}

sub value {
    my ($m, $name, $labels) = @_;
    return $m->{$name}{values}{ $labels // '' };
}

subtest 'the answer' => sub {
    my $r = $main->get('/metrics');
    is $r->{status}, 200, 'GET';
    is $r->{headers}{'content-type'},
        'text/plain; version=0.0.4; charset=utf-8', 'Content-Type';
    is $r->{headers}{'cache-control'}, 'no-store', 'not cached';
    my $m = eval { metrics($r->{body}) } or diag $@;
    ok $m, 'is as Prometheus has it';
    is +$main->request('HEAD', '/metrics')->{status}, 200, 'HEAD';
    is_problem $main->request('POST', '/metrics', {}, ''), 405,
        'METHOD_NOT_ALLOWED', 'POST';
    is site('figures')->get('/closed/metrics')->{status}, 403,
        'Require keeps others out';
};

# Each selector of the alert rules must find something, or no alert can ever
# be raised.
subtest 'what the alert rules ask for' => sub {
    my $m = scrape($main);
    open my $in, '<', "$ENV{DLJOB_SRCDIR}/conf/prometheus-alerts.yml"
        or die "the rules: $!";
    my $rules = join '', grep { !/^\s*#/ } <$in>;
    my %asked;
    $asked{$1} = 1 while $rules =~ /\b(dljob_[a-z_]+(?:\{[^}]*\})?)/g;
    cmp_ok keys %asked, '>=', 14, 'they ask for much';
    for my $selector (sort keys %asked) {
        my ($name, $labels) = $selector =~ /^(\w+)(?:\{(.*)\})?$/;
        my $suffix = '';
        $suffix = $1 if !$m->{$name} && $name =~ s/(_sum|_count|_bucket)$//;
        my @found = keys %{ $m->{$name}{values} // {} };
        @found = grep { $_ eq $suffix } @found if $suffix;
        for (split /,/, $labels // '') {
            my ($is, $not) = (/^(\w+="[^"]*")$/, /^(\w+)!=/);
            @found = $not ? grep { /\b$not=/ } @found
                          : grep { index($_, $is) >= 0 } @found;
        }
        ok @found > 0, $selector;
    }
};

subtest 'a site at work' => sub {
    my $m = wait_for(sub {
        my $m = scrape($main);
        return value($m, 'dljob_workers') ? $m : undef;
    }, 'the worker has said that it lives');
    is value($m, 'dljob_redis_up'), 1, 'Redis is up';
    is value($m, 'dljob_store_up'), 1, 'so is the store';
    is value($m, 'dljob_worker_slots'), 20, 'DLJobConcurrency of the worker';
    is value($m, 'dljob_queue_limit'), 10_000, 'DLJobMaxQueue';
    is value($m, 'dljob_paused'), 0, 'not paused';

    my $id = hold(fresh_id(46));
    my @jobs = (initiate($main, { file_id => $id }),
                initiate($main, { file_id => fresh_id(44) }));
    is initiate($main, { file_id => $id })->{jobId}, $jobs[0]{jobId},
        'asked for twice';
    wait_job($main, $jobs[0]{jobId}, sub { $_[0]{progress} == 40 });
    wait_job($main, $jobs[1]{jobId});
    my $now = scrape($main);
    cmp_ok value($now, 'dljob_tasks', 'state="active",priority="normal"'),
        '>=', 1, 'one is active';
    release($id);
    wait_job($main, $jobs[0]{jobId});
    my $then = scrape($main);
    my %grown = (
        'dljob_jobs_created_total' => ['', 2],
        'dljob_jobs_total' => ['outcome="completed"', 1],
        'dljob_dedupe_hits_total' => ['layer="recent"', 1],
        'dljob_attempts_failed_total' => ['code="FILE_NOT_FOUND"', 1],
        'dljob_dead_letters_total' => ['', 1],
        'dljob_task_duration_seconds' => ['_count', 1],
    );
    for my $name (sort keys %grown) {
        my ($labels, $n) = @{ $grown{$name} };
        is value($then, $name, $labels) - value($m, $name, $labels), $n,
            "$name $labels";
    }
};

subtest 'a queue' => sub {
    my $http = site('figures');
    my $vip = site('figures', 'X-User' => 'vip');
    initiate($http, { file_ids => [map { fresh_id() } 1 .. 3] });
    initiate($vip, { file_id => fresh_id(), priority => 'high' });
    initiate($http, { file_id => fresh_id(), priority => 'low' })
        for 1 .. 2;
    my $r = $http->post_json("$base/initiate",
        { file_ids => [map { fresh_id() } 1 .. 15] });
    is $r->{status}, 503, 'full';
    redis()->cmd(SET => '{figures}:queue:paused', 1);
    my $m = scrape($http);
    is value($m, 'dljob_tasks', qq(state="waiting",priority="$_->[0]")),
        $_->[1], $_->[0] for ['high', 1], ['normal', 3], ['low', 2];
    is value($m, 'dljob_tasks', 'state="active",priority="normal"'), 0,
        'none is active';
    is value($m, 'dljob_queue_limit'), 20, 'the limit';
    is value($m, 'dljob_jobs_refused_total', 'reason="queue_full"'), 1,
        'one request was refused';
    is value($m, 'dljob_paused'), 1, 'paused';
    is value($m, 'dljob_workers'), 0, 'no worker';
    cmp_ok value($m, 'dljob_oldest_task_seconds'), '<', 60, 'not old';
    redis()->cmd(ZINCRBY => '{figures}:queue:wait', -3_600_000_000, $_)
        for redis()->cmd(ZRANGE => '{figures}:queue:wait', 0, 0)->[0];
    my $old = value(scrape($http), 'dljob_oldest_task_seconds');
    cmp_ok $old, '>=', 3600, 'old now';
    cmp_ok $old, '<', 3660, 'by the hour';
};

# One child's counters would go up and down from scrape to scrape.
subtest 'whichever child answers' => sub {
    my @seen = map { scrape($main) } 1 .. 40;
    my $before = -1;
    my $fell = 0;
    for (@seen) {
        my $calls = value($_, 'dljob_redis_call_seconds', '_count');
        $fell++ if $calls <= $before;
        $before = $calls;
    }
    is $fell, 0, 'each scrape has counted its own call';
    my %sums = map { value($_, 'dljob_jobs_created_total') => 1 } @seen;
    is keys %sums, 1, 'what Redis counts is the same';
    cmp_ok value($seen[-1], 'dljob_redis_call_seconds', '_sum'), '>', 0,
        'calls take time';
};

subtest 'streams' => sub {
    my $m = scrape($main);
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id })->{jobId};
    if ($ENV{DLJOB_MPM} eq 'prefork') {
        is value($m, 'dljob_streams_limit'), 0, 'prefork holds none';
        is $main->get("$base/$job/stream")->{status}, 503, 'none';
        is value(scrape($main), 'dljob_streams_refused_total')
            - value($m, 'dljob_streams_refused_total'), 1, 'refused';
        release($id);
        return;
    }
    cmp_ok value($m, 'dljob_streams_limit'), '>', 0, 'there is a limit';
    my $s = DLTest::EventStream->open($main, "$base/$job/stream");
    $s->job;
    my $open = scrape($main);
    is value($open, 'dljob_streams'), value($m, 'dljob_streams') + 1,
        'one is open';
    is value($open, 'dljob_streams_opened_total')
        - value($m, 'dljob_streams_opened_total'), 1, 'it was opened';
    release($id);
    my $events = 1 + $s->rest;
    my $then = wait_for(sub {
        my $then = scrape($main);
        return value($then, 'dljob_streams') == value($m, 'dljob_streams')
            ? $then : undef;
    }, 'it is closed');
    is value($then, 'dljob_stream_events_total')
        - value($m, 'dljob_stream_events_total'), $events, 'its events';
};

subtest 'no store' => sub {
    my $start = now_s();
    my $m = scrape(site('store'));
    cmp_ok now_s() - $start, '<', 2, 'within two seconds';
    is value($m, 'dljob_store_up'), 0, 'is said';
    is value($m, 'dljob_redis_up'), 1, 'Redis is up';
};

sub without_redis {
    my ($what) = @_;
    my $http = site('away');
    for (1 .. 4) {
        my $start = now_s();
        my $m = scrape($http);
        cmp_ok now_s() - $start, '<', 2, "$what: within two seconds";
        is value($m, 'dljob_redis_up'), 0, 'is said';
        ok !$m->{dljob_tasks} && !$m->{dljob_jobs_total},
            'what only Redis knows is left out';
        cmp_ok value($m, 'dljob_redis_call_failures_total'), '>', 0,
            'calls have failed';
        is value($m, 'dljob_store_up'), 1, 'the store is up';
        ok defined value($m, 'dljob_streams'), 'streams are told of';
    }
}

subtest 'no Redis' => sub {
    without_redis('away');
    my $dir = var('dl_dir');
    mkdir "$dir/redis-figures";
    my $process = DLTest::Process->new(
        name => 'redis', log => var('t_logs') . '/redis-figures.log',
        command => ['redis-server', '--port', 0,
                    '--unixsocket', var('dl_away'),
                    '--unixsocketperm', 777, '--save', '',
                    '--appendonly', 'no', '--dir', "$dir/redis-figures"]);
    my $redis = DLTest::Redis->connect_when_up(socket => var('dl_away'));
    wait_for(sub { value(scrape(site('away')), 'dljob_redis_up') },
             'it comes');
    # a name that is no plain text, as another program may have left it
    $redis->cmd(HSET => '{away}:stats:engine', "attempt:a\"\\\n\xff", 7);
    is wait_for(sub {   # until each child has found it
        value(scrape(site('away')), 'dljob_attempts_failed_total',
              qq(code="a\\"\\\\\\n\xef\xbf\xbd"));
    }, 'the child that answers has found it'), 7, 'escaped';
    $process->signal('STOP');
    without_redis('hanging');
    $process->signal('CONT');
    wait_for(sub { value(scrape(site('away')), 'dljob_redis_up') },
             'it goes on');
    $process->stop;
};

done_testing;
