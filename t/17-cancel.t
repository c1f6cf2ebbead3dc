# SPDX-License-Identifier: Apache-2.0
# DELETE /{jobId}.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(wait_for);

my $base = base();
my $still = site('still', 'X-User' => 'ann');
my $main = site('main', 'X-User' => 'ann');

subtest 'queued' => sub {
    my $job = initiate($still, { file_id => fresh_id() });
    for my $time ('first', 'second') {
        my $r = $still->delete("$base/$job->{jobId}");
        is $r->{status}, 200, "the $time time";
        is_deeply $r->{json}, { jobId => $job->{jobId},
                                status => 'cancelled',
                                message => 'Job cancelled successfully' },
            'body';
    }
    is job_state($still, $job->{jobId})->{status}, 'cancelled', 'cancelled';
};

subtest 'running' => sub {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    wait_job($main, $job->{jobId}, sub { $_[0]{progress} == 40 });
    is $main->delete("$base/$job->{jobId}")->{status}, 200, 'cancelled';
    is job_state($main, $job->{jobId})->{status}, 'cancelled', 'at once';
    my $redis = redis();
    ok wait_for(sub { !$redis->cmd(EXISTS => "{main}:task:$id") },
                'the task goes'), 'its task goes';
};

subtest 'too late' => sub {
    my $job = initiate($main, { file_id => fresh_id() });
    my $done = wait_job($main, $job->{jobId});
    my $r = $main->delete("$base/$job->{jobId}");
    is $r->{status}, 409, 'completed';
    is $r->{json}{status}, 'completed', 'the job as it is';
    is $r->{json}{errorCode}, 'JOB_TERMINAL', 'errorCode';
    is $r->{json}{downloadUrl}, $done->{downloadUrl}, 'with its link';
    my $failed = initiate($main, { file_id => fresh_id(44) });
    wait_job($main, $failed->{jobId});
    $r = $main->delete("$base/$failed->{jobId}");
    is $r->{status}, 409, 'failed';
    is $r->{json}{status}, 'failed', 'the job as it is';
};

subtest 'a job that strangers share' => sub {
    my ($one, $two) = (site('still'), site('still'));
    my $id = fresh_id();
    my $job = initiate($one, { file_id => $id });
    is initiate($two, { file_id => $id })->{jobId}, $job->{jobId}, 'shared';
    my $r = $one->delete("$base/$job->{jobId}");
    is $r->{status}, 200, 'one lets go';
    is $r->{json}{status}, 'queued', 'the job goes on';
    is $r->{json}{message}, 'Released; others still wait for this job',
        'message';
    $r = $two->delete("$base/$job->{jobId}");
    is $r->{json}{status}, 'cancelled', 'the last one cancels';
};

subtest 'none' => sub {
    is_problem $still->delete("$base/01234567-89ab-4cde-8f01-23456789abcd"),
        404, 'JOB_NOT_FOUND', 'unknown';
    is_problem $still->delete("$base/x"), 404, 'JOB_NOT_FOUND', 'malformed';
};

done_testing;
