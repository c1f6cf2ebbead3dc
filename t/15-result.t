# SPDX-License-Identifier: Apache-2.0
# GET /{jobId}: to the file, or why not.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;

my $base = base();
my $main = site('main');
my $still = site('still');

subtest 'completed' => sub {
    my $id = fresh_id();
    my $job = initiate($main, { file_id => $id });
    wait_job($main, $job->{jobId});
    my $r = $main->get("$base/$job->{jobId}");
    is $r->{status}, 302, 'redirects';
    is $r->{headers}{'cache-control'}, 'no-store', 'not cached';
    is $main->get(local_path($main, $r->{headers}{location}))->{body},
        content_of($id), 'to the bytes';
    is $main->request('HEAD', "$base/$job->{jobId}")->{status}, 302, 'HEAD';
    for my $accept ('*/*', 'text/html', 'text/html, application/json;q=0.5') {
        is $main->get("$base/$job->{jobId}", Accept => $accept)->{status},
            302, "Accept: $accept";
    }
    for my $get (["$base/$job->{jobId}?redirect=0"],
                 ["$base/$job->{jobId}", Accept => 'application/json']) {
        $r = $main->get(@$get);
        is $r->{status}, 200, "@$get";
        is $r->{json}{status}, 'completed', 'the job';
        ok $r->{json}{downloadUrl}, 'with its link';
    }
    is $main->get("$base/$job->{jobId}?file_id=$id")->{status}, 302,
        'its own file_id';
    is_problem $main->get("$base/$job->{jobId}?file_id=" . fresh_id()), 404,
        'NOT_FOUND', 'another file_id';
};

subtest 'not yet' => sub {
    my $job = initiate($still, { file_id => fresh_id() });
    my $r = $still->get("$base/$job->{jobId}");
    is $r->{status}, 202, 'accepted';
    is $r->{json}{jobId}, $job->{jobId}, 'the job';
    is $r->{headers}{location}, $job->{statusUrl}, 'Location';
    like $r->{headers}{'retry-after'}, qr/^\d+$/, 'Retry-After';
};

subtest 'cancelled' => sub {
    my $job = initiate($still, { file_id => fresh_id() });
    $still->delete("$base/$job->{jobId}");
    is_problem $still->get("$base/$job->{jobId}"), 410, 'CANCELLED', 'gone';
};

subtest 'failed' => sub {
    my %status = (FILE_NOT_FOUND => 404, SOURCE_ERROR => 502,
                  STORAGE_ERROR => 502, WORKER_LOST => 502, TIMEOUT => 504);
    my $job = initiate($main, { file_id => fresh_id(44) });
    wait_job($main, $job->{jobId});
    is_problem $main->get("$base/$job->{jobId}"), 404, 'FILE_NOT_FOUND',
        'a missing file';
    my $redis = redis();
    for my $code (sort keys %status) {
        $redis->cmd(HSET => "{main}:job:status:$job->{jobId}",
                    errorCode => $code, error => "It was $code");
        is_problem $main->get("$base/$job->{jobId}"), $status{$code}, $code,
            $code, qr/^It was $code$/;
    }
};

subtest 'several files' => sub {
    my @ids = (fresh_id(11), fresh_id(44));
    my $job = initiate($main, { file_ids => \@ids });
    wait_job($main, $job->{jobId});
    my $r = $main->get("$base/$job->{jobId}");
    is $r->{status}, 200, 'no redirect';
    is scalar @{ $r->{json}{files} }, 2, 'the job with its files';
    $r = $main->get("$base/$job->{jobId}?file_id=$ids[0]");
    is $r->{status}, 302, 'to one';
    is $main->get(local_path($main, $r->{headers}{location}))->{body},
        content_of($ids[0]), 'its bytes';
    is_problem $main->get("$base/$job->{jobId}?file_id=$ids[1]"), 404,
        'FILE_NOT_FOUND', 'to the missing one';
    is_problem $main->get("$base/$job->{jobId}?file_id=" . fresh_id()), 404,
        'NOT_FOUND', 'to none of them';
    for my $bad ('x', '', '-1', '1.5', '99999999999999999999') {
        is_problem $main->get("$base/$job->{jobId}?file_id=$bad"), 400,
            'INVALID_FILE_ID', "file_id=$bad";
    }
    my $open = initiate($still, { file_ids => [fresh_id(), fresh_id()] });
    is $still->get("$base/$open->{jobId}?file_id="
                   . $open->{files}[0]{fileId})->{status}, 202,
        'to one that is not there yet';
};

done_testing;
