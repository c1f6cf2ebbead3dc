# SPDX-License-Identifier: Apache-2.0
# GET /{jobId}/stream and /stream: snapshot, changes, the end, who may.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::EventStream;
use DLTest::Site;
use DLTest::Wait qw(wait_for);

my $base = base();
my $main = site('main');

sub stream {
    my ($http, $path, %headers) = @_;
    return DLTest::EventStream->open($http, "$base$path", %headers);
}

if ($ENV{DLJOB_MPM} eq 'prefork') {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    is_problem($main->get("$base/$job->{jobId}/stream"), 503,
               'STREAMS_EXHAUSTED', 'prefork holds none');
    like $main->get("$base/$job->{jobId}/stream")->{headers}{'retry-after'},
        qr/^\d+$/, 'Retry-After: poll';
    release($id);
    done_testing;
    exit;
}

subtest 'a job from its middle to its end' => sub {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    wait_job($main, $job->{jobId}, sub { $_[0]{progress} == 40 });
    my $s = stream($main, "/$job->{jobId}/stream");
    is $s->{status}, 200, 'opened';
    is $s->{headers}{'content-type'}, 'text/event-stream', 'Content-Type';
    is $s->{headers}{'cache-control'}, 'no-store, no-transform',
        'Cache-Control';
    is $s->{headers}{'x-accel-buffering'}, 'no', 'X-Accel-Buffering';
    is $s->next->{retry}, 3000, 'retry first';
    my $first = $s->job;
    is $first->{json}{status}, 'processing', 'a snapshot';
    is $first->{json}{progress}, 40, 'of now';
    like $first->{id}, qr/^\d+$/, 'its version is its id';
    ok !exists $first->{event}, 'unnamed';
    release($id);
    my @rest = $s->rest;
    my $last = $rest[-1];
    is $last->{json}{status}, 'completed', 'the end';
    is_deeply $last->{json}, job_state($main, $job->{jobId}),
        'the whole job, as status has it';
    my @ids = map { $_->{id} } $first, @rest;
    is_deeply \@ids, [sort { $a <=> $b } @ids], 'versions rise';
    is scalar(grep { $_->{json}{status} eq 'completed' } @rest), 1,
        'one terminal event';

    my $again = stream($main, "/$job->{jobId}/stream",
                       'Last-Event-ID' => $last->{id});
    is $again->{status}, 204, 'a client that has the end gets 204';
    my $late = stream($main, "/$job->{jobId}/stream",
                      'Last-Event-ID' => $first->{id});
    is $late->job->{json}{status}, 'completed', 'one that has not gets it';
    ok !$late->job, 'and nothing else';
};

subtest 'named events' => sub {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    my $s = stream($main, "/$job->{jobId}/stream?events=named");
    is $s->job->{event}, 'progress', 'progress';
    is $main->delete("$base/$job->{jobId}")->{status}, 200, 'cancelled';
    my @rest = $s->rest;
    is $rest[-1]{event}, 'cancelled', 'cancelled';
    is $rest[-1]{json}{status}, 'cancelled', 'its body';

    my $gone = fresh_id(44);
    $job = initiate($main, { file_id => $gone });
    $s = stream($main, "/$job->{jobId}/stream?events=named");
    is +($s->rest)[-1]{event}, 'failed', 'failed';
};

subtest 'a job of several files' => sub {
    my @ids = (hold(fresh_id(46)), fresh_id(), fresh_id(44));
    my $job = initiate($main, { file_ids => \@ids });
    my $s = stream($main, "/$job->{jobId}/stream");
    is scalar @{ $s->job->{json}{files} }, 3, 'with its files';
    release($ids[0]);
    my $last = ($s->rest)[-1]{json};
    is $last->{status}, 'completed', 'completed';
    ok $last->{partial}, 'but in part';
    is_deeply $last, job_state($main, $job->{jobId}), 'as status has it';
};

subtest 'two clients of one job' => sub {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    my @s = map { stream($main, "/$job->{jobId}/stream") } 1 .. 2;
    $_->job for @s;
    $s[0]->close;
    release($id);
    is +($s[1]->rest)[-1]{json}{status}, 'completed', 'the other goes on';
};

subtest 'who may' => sub {
    my $ann = site('main', 'X-User' => 'ann');
    my $bob = site('main', 'X-User' => 'bob');
    my $id = hold(fresh_id(46));
    my $job = initiate($ann, { file_id => $id });
    is_problem($bob->get("$base/$job->{jobId}/stream"), 404,
               'JOB_NOT_FOUND', "another user's job");
    is_problem($main->get("$base/$job->{jobId}/stream"), 404,
               'JOB_NOT_FOUND', 'anonymous');
    is_problem($ann->get("$base/00000000-0000-4000-8000-000000000000/stream"),
               404, 'JOB_NOT_FOUND', 'no such job');
    is_problem($main->get("$base/stream"), 401, 'UNAUTHENTICATED',
               'all jobs of nobody');
    is_problem($ann->request('POST', "$base/$job->{jobId}/stream", {}, ''),
               405, 'METHOD_NOT_ALLOWED', 'POST');
    my $head = $ann->request('HEAD', "$base/$job->{jobId}/stream", {});
    is $head->{headers}{'content-type'}, 'text/event-stream', 'HEAD';
    is +stream($ann, "/$job->{jobId}/stream")->job->{json}{jobId},
        $job->{jobId}, 'the owner';
    release($id);
};

subtest 'all jobs of a user' => sub {
    my $carl = site('main', 'X-User' => "carl-$$");
    my @ids = map { hold(fresh_id(46)) } 1 .. 2;
    my @jobs = map { initiate($carl, { file_id => $_ })->{jobId} } @ids;
    my $s = stream($carl, '/stream');
    my %seen;
    while (keys %seen < 2) {
        $seen{ $s->job->{json}{jobId} } = 1;
    }
    is_deeply [sort keys %seen], [sort @jobs], 'a snapshot of each';
    my $later = hold(fresh_id(46));
    my $job = initiate($carl, { file_id => $later })->{jobId};
    release($_) for $later, @ids;
    my %end;
    while (keys %end < 3) {
        my $event = $s->job;
        $end{ $event->{json}{jobId} } = 1
            if $event->{json}{status} eq 'completed';
    }
    ok $end{$job}, 'one that came later, and the end of each';
};

done_testing;
