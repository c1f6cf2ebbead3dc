# SPDX-License-Identifier: Apache-2.0
# GET /status/{jobId} and /{jobId}/status: bodies, ETag and 304, states.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;

my $base = base();
my $still = site('still');
my $main = site('main');

subtest 'both paths' => sub {
    my $job = initiate($still, { file_id => fresh_id() });
    for my $path ("$base/status/$job->{jobId}",
                  "$base/$job->{jobId}/status") {
        my $r = $still->get($path);
        is $r->{status}, 200, $path;
        is_deeply $r->{json}, $job, 'the job as initiate had it';
        is $r->{headers}{'cache-control'}, 'no-store', 'Cache-Control';
        is $r->{headers}{pragma}, 'no-cache', 'Pragma';
        is $r->{headers}{expires}, '0', 'Expires';
        like $r->{headers}{'retry-after'}, qr/^\d+$/, 'when to ask again';
    }
};

subtest 'ETag' => sub {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    wait_job($main, $job->{jobId}, sub { $_[0]{progress} == 40 });
    my $r = $main->get("$base/status/$job->{jobId}");
    my $etag = $r->{headers}{etag};
    ok $etag, 'there is one';
    for my $match ($etag, "\"x\", $etag", '*', $etag =~ s/^W\///r) {
        my $again = $main->get("$base/status/$job->{jobId}",
                               'If-None-Match' => $match);
        is $again->{status}, 304, "If-None-Match: $match";
        is $again->{body}, '', 'no body';
        is $again->{headers}{etag}, $etag, 'the same ETag';
    }
    is $main->get("$base/status/$job->{jobId}",
                  'If-None-Match' => '"x"')->{status}, 200, 'another ETag';
    release($id);
    wait_job($main, $job->{jobId});
    $r = $main->get("$base/status/$job->{jobId}", 'If-None-Match' => $etag);
    is $r->{status}, 200, 'changed when the job has';
    isnt $r->{headers}{etag}, $etag, 'another ETag';
    my $last = $r->{headers}{etag};
    is $main->get("$base/status/$job->{jobId}")->{headers}{etag}, $last,
        'which stays';
};

subtest 'on its way' => sub {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    my $seen = wait_job($main, $job->{jobId},
                        sub { $_[0]{progress} == 40 });
    is $seen->{status}, 'processing', 'processing';
    is $seen->{attempt}, 1, 'the first attempt';
    ok $seen->{startedAt}, 'started';
    ok !exists $seen->{completedAt}, 'not completed';
    release($id);
    my $done = wait_job($main, $job->{jobId});
    is $done->{status}, 'completed', 'completed';
    is $done->{progress}, 100, 'progress';
    is $done->{size}, 100_000, 'size';
    is $done->{filename}, "file $id.txt", 'filename';
    is $done->{contentType}, 'text/plain; charset=utf-8', 'contentType';
    like $done->{sha256}, qr/^[0-9a-f]{64}$/, 'sha256';
    ok $done->{completedAt} ge $done->{startedAt}
       && $done->{startedAt} ge $done->{createdAt}, 'times in order';
    my $r = $main->get("$base/status/$job->{jobId}");
    ok !exists $r->{headers}{'retry-after'}, 'nothing to ask again for';
    my $file = $main->get(local_path($main, $done->{downloadUrl}));
    is $file->{body}, content_of($id), 'the link has the bytes';
};

subtest 'failed' => sub {
    my $job = initiate($main, { file_id => fresh_id(44) });
    my $failed = wait_job($main, $job->{jobId});
    is $failed->{status}, 'failed', 'failed';
    is $failed->{errorCode}, 'FILE_NOT_FOUND', 'errorCode';
    ok $failed->{error}, 'error';
    ok defined $failed->{retryable} && !$failed->{retryable},
        'not retryable';
    ok !exists $failed->{downloadUrl}, 'no link';
};

subtest 'several files' => sub {
    my @ids = (fresh_id(11), fresh_id(12), fresh_id(44));
    my $job = initiate($main, { file_ids => \@ids });
    my $done = wait_job($main, $job->{jobId});
    is $done->{status}, 'completed', 'completed';
    ok $done->{partial}, 'but in part';
    is $done->{progress}, 100, 'progress';
    my %file = map { $_->{fileId} => $_ } @{ $done->{files} };
    for my $id (@ids[0, 1]) {
        is $file{$id}{status}, 'completed', "$id completed";
        my $r = $main->get(local_path($main, $file{$id}{downloadUrl}));
        is $r->{body}, content_of($id), 'its bytes';
    }
    is $file{ $ids[2] }{status}, 'failed', 'one failed';
    is $file{ $ids[2] }{errorCode}, 'FILE_NOT_FOUND', 'and why';
    my $r = $main->get("$base/status/$job->{jobId}");
    my $again = $main->get("$base/status/$job->{jobId}",
                           'If-None-Match' => $r->{headers}{etag});
    is $again->{status}, 304, 'links and ETag stay';
};

subtest 'a link that is too old' => sub {
    my $id = fresh_id();
    my $job = initiate($main, { file_id => $id });
    my $done = wait_job($main, $job->{jobId});
    my $redis = redis();
    my $key = "{main}:job:status:$job->{jobId}";
    my $expires = $redis->cmd(HGET => $key, 'urlExpires');
    ok $expires > time + 1800, 'a new link has half of its hour left';
    $redis->cmd(HSET => $key, urlExpires => time + 1000,
                presignedUrl => '/objects/old');
    my $fresh = job_state($main, $job->{jobId});
    unlike $fresh->{downloadUrl}, qr/old/, 'is signed anew';
    is job_state($main, $job->{jobId})->{downloadUrl},
        $fresh->{downloadUrl}, 'and then stays';
    ok $redis->cmd(HGET => $key, 'urlExpires') > time + 1800, 'is kept';
    is $main->get(local_path($main, $fresh->{downloadUrl}))->{body},
        content_of($id), 'and good';
};

subtest 'ids that name no job' => sub {
    my $bodies = sub {
        my ($path) = @_;
        my $r = $still->get("$base$path", 'X-Request-ID' => 'same');
        my $json = $r->{json} // {};
        delete $json->{instance};
        return [$r->{status}, $json];
    };
    my $unknown = '01234567-89ab-4cde-8f01-23456789abcd';
    my $want = $bodies->("/status/$unknown");
    is $want->[0], 404, 'unknown';
    is $want->[1]{errorCode}, 'JOB_NOT_FOUND', 'errorCode';
    for my $id (uc $unknown, 'x', 'x' x 36, "$unknown-",
                '01234567-89ab-1cde-8f01-23456789abcd', '%20', '..%2e',
                "$unknown%0a", '{}') {
        my $got = $bodies->("/status/$id");
        is $got->[0], 404, "'$id'";
    }
    for my $id (uc $unknown, 'x', 'x' x 36) {
        is_deeply $bodies->("/status/$id"), $want, "'$id': the same answer";
    }
};

subtest 'HEAD' => sub {
    my $job = initiate($still, { file_id => fresh_id() });
    my $get = $still->get("$base/status/$job->{jobId}");
    my $head = $still->request('HEAD', "$base/status/$job->{jobId}");
    is $head->{status}, 200, 'status';
    is $head->{headers}{$_}, $get->{headers}{$_}, $_
        for qw(etag content-type content-length cache-control);
    is $still->get("$base/status/$job->{jobId}")->{status}, 200,
        'and the connection goes on';
};

done_testing;
