# SPDX-License-Identifier: Apache-2.0
# Asking twice makes one job: the layers, their order, their messages.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;

my $base = base();
my $ann = site('still', 'X-User' => 'ann');
my $bob = site('still', 'X-User' => 'bob');
my $redis = redis();

my %message = (
    key       => 'Existing job found for this idempotency key',
    active    => 'Existing job in progress',
    reused    => 'Reusing existing completed job',
    duplicate => 'Duplicate request detected, returning existing job',
);

sub same {
    my ($http, $body, $job, $which, $what, %headers) = @_;
    my $r = $http->post_json("$base/initiate", $body, %headers);
    is $r->{status}, 200, "$what: 200";
    is $r->{json}{jobId}, $job->{jobId}, "$what: the same job";
    is $r->{json}{message}, $message{$which}, "$what: message";
    return $r->{json};
}

sub other {
    my ($http, $body, $job, $what, %headers) = @_;
    my $r = $http->post_json("$base/initiate", $body, %headers);
    is $r->{status}, 202, "$what: 202";
    isnt $r->{json}{jobId}, $job->{jobId}, "$what: another job";
    ok !exists $r->{json}{message}, "$what: no message";
    return $r->{json};
}

# Makes a job look as if it had been made so many seconds before.
sub age {
    my ($prefix, $job, $seconds) = @_;
    my $key = "{$prefix}:job:status:$job->{jobId}";
    $redis->cmd(HINCRBY => $key, createdAt => -1000 * $seconds);
}

subtest 'idempotency key' => sub {
    my %ask = (file_id => fresh_id(), idempotency_key => "key-$$");
    my $job = initiate($ann, \%ask);
    same($ann, \%ask, $job, 'key', 'same payload');
    delete $ask{idempotency_key};
    same($ann, \%ask, $job, 'key', 'as a header',
         'Idempotency-Key' => "key-$$");
    same($ann, \%ask, $job, 'key', 'by its alias',
         'X-Idempotency-Key' => "key-$$");
    my $r = $ann->post_json("$base/initiate", { file_id => fresh_id() },
                            'Idempotency-Key' => "key-$$");
    is_problem $r, 422, 'IDEMPOTENCY_KEY_REUSED', 'other payload';
    other($bob, \%ask, $job, 'of another user',
          'Idempotency-Key' => "key-$$");
    $ann->delete("$base/$job->{jobId}");
    is same($ann, \%ask, $job, 'key', 'whatever its state',
            'Idempotency-Key' => "key-$$")->{status}, 'cancelled',
        'the cancelled one';
};

subtest 'the same request again' => sub {
    my @ids = map { fresh_id() } 1 .. 3;
    my $job = initiate($ann, { file_ids => \@ids });
    same($ann, { file_ids => [reverse @ids] }, $job, 'duplicate',
         'whatever the order');
    same($ann, { file_ids => [@ids, @ids] }, $job, 'duplicate',
         'whatever is doubled');
    other($ann, { file_ids => [@ids[0, 1]] }, $job, 'a subset');
    other($bob, { file_ids => \@ids }, $job, 'of another user');
};

subtest 'in progress' => sub {
    my $id = fresh_id();
    my $job = initiate($ann, { file_id => $id });
    age('still', $job, 61);
    same($ann, { file_id => $id }, $job, 'active', 'after a minute');
    $ann->delete("$base/$job->{jobId}");
    other($ann, { file_id => $id }, $job, 'after it was cancelled');
};

subtest 'completed' => sub {
    my $http = site('main', 'X-User' => 'ann');
    my $id = fresh_id();
    my $job = initiate($http, { file_id => $id });
    wait_job($http, $job->{jobId});
    my $again = same($http, { file_id => $id }, $job, 'duplicate',
                     'at once');
    is $again->{status}, 'completed', 'completed';
    age('main', $job, 61);
    $again = same($http, { file_id => $id }, $job, 'reused',
                  'after a minute');
    ok $again->{downloadUrl}, 'with its link';
    my $r = site('main', 'X-User' => 'bob')
        ->post_json("$base/initiate", { file_id => $id });
    is $r->{status}, 200, 'for another user';
    isnt $r->{json}{jobId}, $job->{jobId}, 'another job';
    is $r->{json}{status}, 'completed', 'which is completed at once';
    ok $r->{json}{downloadUrl}, 'with a link';
    $redis->cmd(DEL => "{main}:result:file:$id:completed");
    my $new = $http->post_json("$base/initiate", { file_id => $id });
    is $new->{status}, 202, 'without the result';
    isnt $new->{json}{jobId}, $job->{jobId}, 'it is made anew';
    wait_job($http, $new->{json}{jobId});
};

subtest 'failed is not reused' => sub {
    my $http = site('main', 'X-User' => 'ann');
    my $id = fresh_id(44);
    my $job = initiate($http, { file_id => $id });
    wait_job($http, $job->{jobId});
    other($http, { file_id => $id }, $job, 'asked again');
};

subtest 'strangers share' => sub {
    my $id = fresh_id();
    my ($one, $two) = (site('still'), site('still'));
    my $job = initiate($one, { file_id => $id });
    same($two, { file_id => $id }, $job, 'duplicate', 'without a user');
    other($ann, { file_id => $id }, $job, 'but not with a user');
};

subtest 'one task for all' => sub {
    my $id = fresh_id();
    my @jobs = map { initiate(site('still', 'X-User' => "u$_"),
                              { file_id => $id }) } 1 .. 5;
    my %ids = map { $_->{jobId} => 1 } @jobs;
    is scalar keys %ids, 5, 'five users, five jobs';
    ok $redis->cmd(ZSCORE => '{still}:queue:wait', $id), 'one task';
};

done_testing;
