# SPDX-License-Identifier: Apache-2.0
# Answers remembered for a moment: of jobs that are over, to their owner.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(wait_for);

my $base = base();
my $redis = redis();

# Several polls on one connection, which one child answers.
sub progress {
    my ($http, $job) = @_;
    return job_state($http, $job->{jobId})->{progress};
}

my $ann = site('main', 'X-User' => 'ann');
my $bob = site('main', 'X-User' => 'bob');
my $job = initiate($ann, { file_id => fresh_id() });
wait_job($ann, $job->{jobId});

# what nobody does but an operator by hand: change a job after its end
$redis->cmd(HSET => "{main}:job:status:$job->{jobId}", size => 4711);
is wait_for(sub {
       my $size = job_state($ann, $job->{jobId})->{size};
       return $size == 4711 ? $size : undef;
   }, 'what was remembered is forgotten'), 4711, 'for a moment only';
is_problem($bob->get("$base/status/$job->{jobId}"), 404, 'JOB_NOT_FOUND',
           'not to others');
is $ann->get("$base/status/$job->{jobId}")->{json}{size}, 4711,
    'to the owner';

my $id = hold(fresh_id(46));
$job = initiate($ann, { file_id => $id });
wait_job($ann, $job->{jobId}, sub { $_[0]{progress} == 40 });
$redis->cmd(HSET => "{main}:job:status:$job->{jobId}", progress => 41);
is progress($ann, $job), 41, 'a job that goes on is read each time';
$redis->cmd(HSET => "{main}:job:status:$job->{jobId}", progress => 42);
is progress($ann, $job), 42, 'each time';
release($id);

done_testing;
