# SPDX-License-Identifier: Apache-2.0
# POST /start, the legacy way.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(now_s);

my $base = base();
my $main = site('main');
my $still = site('still');

sub is_legacy {
    my ($r, $successor) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok $r->{headers}{deprecation}, 'Deprecation';
    like $r->{headers}{link},
        qr{^<\Q$successor\E/initiate>; rel="successor-version"$}, 'Link';
}

subtest 'done in time' => sub {
    my $id = fresh_id();
    my $r = $main->post_json("$base/start", { file_id => $id });
    my $json = $r->{json};
    is $r->{status}, 200, 'answered';
    is $json->{file_id}, $id, 'file_id';
    is $json->{status}, 'completed', 'status';
    is $json->{size}, 100_000, 'size';
    ok $json->{processingTimeMs} >= 0, 'processingTimeMs';
    ok length $json->{message}, 'message';
    is $main->get(local_path($main, $json->{downloadUrl}))->{body},
        content_of($id), 'downloadUrl';
    is job_state($main, $json->{jobId})->{status}, 'completed', 'jobId';
    is_legacy $r, "http://127.0.0.1:$main->{port}$base";
    ok !exists $r->{headers}{sunset}, 'no Sunset where none is set';
};

subtest 'a missing file' => sub {
    my $id = fresh_id(44);
    my $r = $main->post_json("$base/start", { file_id => $id });
    is $r->{status}, 200, 'answered';
    is $r->{json}{status}, 'failed', 'failed';
    is $r->{json}{file_id}, $id, 'file_id';
    for my $member (qw(downloadUrl size)) {
        ok exists $r->{json}{$member} && !defined $r->{json}{$member},
            "$member is null";
    }
    ok length $r->{json}{message}, 'message';
};

subtest 'not done in time' => sub {
    my $start = now_s();
    my $r = $still->post_json('/api/files/start', { file_id => fresh_id() });
    my $took = now_s() - $start;
    is $r->{status}, 202, 'accepted';
    ok $took >= 0.3, 'after its wait';
    is $r->{json}{status}, 'queued', 'the job';
    is $r->{headers}{location}, $r->{json}{statusUrl}, 'Location';
    is $r->{headers}{sunset}, 'Wed, 30 Jun 2027 00:00:00 GMT', 'Sunset';
    is_legacy $r, "http://127.0.0.1:$still->{port}/api/files";
};

subtest 'Prefer: respond-async' => sub {
    my $start = now_s();
    my $r = $main->post_json("$base/start",
                             { file_id => hold(my $id = fresh_id(46)) },
                             Prefer => 'respond-async');
    is $r->{status}, 202, 'accepted';
    is $r->{headers}{'preference-applied'}, 'respond-async', 'as asked';
    ok now_s() - $start < 15, 'without waiting';
    wait_job($main, $r->{json}{jobId}, sub { $_[0]{progress} == 40 });
    release($id);
    is wait_job($main, $r->{json}{jobId})->{status}, 'completed',
        'and goes on';
};

subtest 'what is wrong' => sub {
    is_problem $main->post_json("$base/start", {}), 400, 'INVALID_REQUEST',
        'no file_id';
    is_problem $main->post_json("$base/start", { file_id => 1 }), 400,
        'INVALID_FILE_ID', 'out of bounds';
    is_problem $main->post_json("$base/start", { file_ids => [70_000] }),
        400, 'INVALID_REQUEST', 'several';
};

done_testing;
