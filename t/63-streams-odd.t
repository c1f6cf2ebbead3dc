# SPDX-License-Identifier: Apache-2.0
# Streams when things are not as they should be: clients that read slowly or
# not at all, and changes that nobody was told of.
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use lib 't/lib';
use DLTest::EventStream;
use DLTest::Metrics;
use DLTest::Site;
use DLTest::Wait qw(now_s wait_for);

if ($ENV{DLJOB_MPM} eq 'prefork') {
    pass 'prefork holds no streams';
    done_testing;
    exit;
}

my $base = base();
my $still = site('still');
my $redis = redis();

sub stream {
    my ($http, $path, %headers) = @_;
    return DLTest::EventStream->open($http, "$base$path", %headers);
}

sub narrow {
    my ($http, $path) = @_;
    return DLTest::EventStream->open_narrow($http, $path);
}

# Of all sites and children.
sub open_streams {
    my ($http) = @_;
    return metrics($http->get('/metrics')->{body})
        ->{dljob_streams}{values}{''};
}

# The links of all subscribers are cut, and a job is changed before any of
# them can be back.
sub change_unheard {
    my ($job, @fields) = @_;
    $redis->cmd('MULTI');
    $redis->cmd(CLIENT => KILL => TYPE => 'pubsub');
    $redis->cmd(HSET => "{still}:job:status:$job", @fields);
    $redis->cmd('EXEC');
    return;
}

# As a script would, with a body of $size bytes.
sub publish {
    my ($job, $version, $size) = @_;
    return $redis->cmd(PUBLISH => "{still}:job:$job",
        qq({"jobId":"$job","version":$version,"status":"processing",)
        . qq("message":") . 'x' x $size . '"}');
}

subtest 'an event larger than what the socket takes' => sub {
    my @ids = map { fresh_id() } 1 .. 1000;
    my $job = initiate($still, { file_ids => \@ids })->{jobId};
    # 999 have failed, with much to say about it
    $redis->cmd(HSET => "{still}:job:files:$job",
        map { ($_ => "f0\nSOURCE_ERROR\n" . 'x' x 1000) } @ids[1 .. 999]);
    my $s = narrow($still, "$base/$job/stream");
    my $event = $s->job;
    is scalar @{ $event->{json}{files} // [] }, 1000, 'arrives whole';
    cmp_ok length $event->{data}, '>', 1_000_000, 'and is large';
    is $still->delete("$base/$job")->{status}, 200, 'cancelled';
    is +$s->job->{json}{status}, 'cancelled', 'the stream has gone on';
    ok $s->ended, 'to its end';
};

subtest 'a change that Redis tells of' => sub {
    my $job = initiate($still, { file_id => fresh_id() })->{jobId};
    my $s = stream($still, "/$job/stream");
    my $first = $s->job->{json};
    my %told = map { $_ => $first->{$_} } grep { !/Url$|^jobId$/ }
        keys %$first;
    my $brief = JSON::PP->new->encode({ %told, progress => 35 });
    $brief =~ s/^\{/{"jobId":"$job","version":35,/;
    $redis->cmd(PUBLISH => "{still}:job:$job", $brief) or die "no listener\n";
    my $event = $s->job;
    is $event->{id}, 35, 'its version';
    is_deeply $event->{json}, { %$first, progress => 35 },
        'is a whole job body, as the snapshot was';
    $still->delete("$base/$job");
};

subtest 'a change that nobody was told of' => sub {
    my $http = site('figures');
    my $job = initiate($http, { file_id => fresh_id() })->{jobId};
    my $s = DLTest::EventStream->open($http, "/brief/$job/stream");
    $s->job;
    my $start = now_s();
    $redis->cmd(HSET => "{figures}:job:status:$job", version => 7,
                progress => 7);
    is $s->job->{json}{progress}, 7, 'is found';
    cmp_ok now_s() - $start, '<', 7, 'with the next heartbeat (2 s)';
    $http->delete("$base/$job");
};

subtest 'one that does not read delays nobody' => sub {
    my ($deaf, $job) = map {
        initiate($still, { file_id => fresh_id() })->{jobId} } 1 .. 2;
    my $stuck = narrow($still, "$base/$deaf/stream");
    # more of them than children, so that some share one with the other
    my @others = map { stream($still, "/$job/stream") } 1 .. 10;
    $_->job for @others;
    my $version = 1;
    for (1 .. 100) {
        publish($deaf, ++$version, 50_000) or die "nobody listens\n";
    }
    my $start = now_s();
    publish($job, 2, 10);
    for (@others) {
        $_->{timeout} = 20;
        is eval { $_->job->{id} }, 2, 'another gets its event';
    }
    cmp_ok now_s() - $start, '<', 20, 'in time';
    $stuck->close;
    $still->delete("$base/$_") for $deaf, $job;
};

# In a thread of its own it is let go of by the server's Timeout.
subtest 'one that goes is noticed' => sub {
    my $job = initiate($still, { file_id => fresh_id() })->{jobId};
    my $s = stream($still, "/$job/stream");
    $s->job;
    cmp_ok open_streams($still), '>', 0, 'it is open';
    my $start = now_s();
    $s->close;
    wait_for(sub { !open_streams($still) }, 'it is closed');
    cmp_ok now_s() - $start, '<', 10, 'before the next heartbeat';
    $still->delete("$base/$job");
};

# When streams ended, in seconds after @$began; each had heartbeats and was
# told to come back.
sub lives {
    my ($heartbeats, $began, @streams) = @_;
    my @ends = DLTest::EventStream->ends(@streams);
    for (@ends) {
        cmp_ok $_->{retry_ms}, '>=', 500, 'it was told when to come back';
        cmp_ok $_->{comments}, '>=', $heartbeats, 'heartbeats before';
    }
    my @lives = map { $ends[$_]{at} - $began->[$_] } 0 .. $#ends;
    my ($first, @others) = sort { $a <=> $b } map { $_->{at} } @ends;
    cmp_ok $others[-1] - $first, '>', 0.02, 'not all at once';
    return @lives;
}

# Several streams and when each was begun.
sub begin {
    my ($http, $path, $count) = @_;
    my (@began, @streams);
    for (1 .. $count) {
        push @began, now_s();
        push @streams, DLTest::EventStream->open($http, $path);
    }
    return (\@began, @streams);
}

subtest "the server's Timeout is near" => sub {
    my $http = site('hasty');
    my $job = initiate($http, { file_id => fresh_id() })->{jobId};
    my @lives = lives(0, begin($http, "$base/$job/stream", 10));
    cmp_ok $_, '>', 1.4, 'nine tenths of two seconds, less a tenth'
        for @lives;
    $http->delete("$base/$job");
};

subtest 'one that does not read is let go of in time' => sub {
    return pass 'or holds its thread so long' if $ENV{DLJOB_MPM} eq 'worker';
    my $http = site('figures');
    wait_for(sub { !open_streams($http) }, 'none is open');
    my ($job, $read) = map {
        initiate($http, { file_id => fresh_id() })->{jobId} } 1 .. 2;
    my $stuck = narrow($http, "/brief/$job/stream");
    $redis->cmd(PUBLISH => "{figures}:job:$job",
        qq({"jobId":"$job","version":$_,"status":"processing",)
        . qq("message":") . 'x' x 50_000 . '"}') for 2 .. 100;
    is open_streams($http), 1, 'one is open';
    my $start = now_s();
    my ($began, @others) = begin($http, "/brief/$read/stream", 10);
    cmp_ok $_, '>', 5.3, 'one that reads lives six seconds, less a tenth'
        for lives(2, $began, @others);
    wait_for(sub { !open_streams($http) }, 'it is closed', 70);
    cmp_ok now_s() - $start, '<', 30, "long before the server's Timeout";
    $http->delete("$base/$_") for $job, $read;
};

subtest 'a change during an outage' => sub {
    my $ann = site('still', 'X-User' => "ann-$$");
    my $job = initiate($ann, { file_id => fresh_id() })->{jobId};
    my $one = stream($ann, "/$job/stream");
    my $all = stream($ann, '/stream');
    is $_->job->{json}{progress}, 0, 'a snapshot' for $one, $all;
    change_unheard($job, status => 'processing', progress => 30,
                   version => 10);
    for ($one, $all) {
        $_->{timeout} = 20;
        is eval { $_->job->{json}{progress} }, 30, 'is found after it';
    }
    # what Redis wrote in its last second may be lost with it
    change_unheard($job, progress => 20, version => 8);
    for ($one, $all) {
        is eval { $_->job->{json}{progress} }, 20, 'a step back too';
    }
    change_unheard($job, status => 'cancelled', version => 9);
    for ($one, $all) {
        is eval { $_->job->{json}{status} }, 'cancelled', 'and the end';
    }
    ok $one->ended, 'which ends the stream of the job';
    $all->close;
};

done_testing;
