# SPDX-License-Identifier: Apache-2.0
# Prefer: wait=N on status and result, and /start's wait.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(wait_for);

my $base = base();
my $main = site('main');
my $holds = $ENV{DLJOB_MPM} ne 'prefork';

# Sends a request and returns at once; ->() waits for its answer.
sub later {
    my ($method, $path, $headers, $body) = @_;
    my $http = site('main');
    my %headers = (Host => "127.0.0.1:$http->{port}", %$headers);
    $headers{'Content-Length'} = length $body if defined $body;
    $http->connect;
    $http->{start} = 0;
    $http->send_bytes("$method $path HTTP/1.1\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
        . "\r\n" . ($body // ''));
    return sub { return $http->read_answer };
}

subtest 'status waits for the end' => sub {
    my $id = hold(fresh_id(46));
    my $job = initiate($main, { file_id => $id });
    my $answer = later('GET', "$base/status/$job->{jobId}",
                       { Prefer => 'wait=60' });
    wait_job($main, $job->{jobId}, sub { $_[0]{progress} == 40 });
    release($id);
    my $r = $answer->();
    is $r->{status}, 200, 'answered';
    if ($holds) {
        is $r->{json}{status}, 'completed', 'when it was over';
        is $r->{headers}{'preference-applied'}, 'wait=60', 'and says so';
        is_deeply $r->{json}, job_state($main, $job->{jobId}),
            'as it is without waiting';
    } else {
        ok !$r->{headers}{'preference-applied'}, 'at once on prefork';
    }
};

if ($holds) {
    subtest 'with If-None-Match for a change' => sub {
        my $id = hold(fresh_id(46));
        my $job = initiate($main, { file_id => $id });
        wait_job($main, $job->{jobId}, sub { $_[0]{progress} == 40 });
        my $etag = $main->get("$base/status/$job->{jobId}")->{headers}{etag};
        my $answer = later('GET', "$base/status/$job->{jobId}",
                           { Prefer => 'wait=60', 'If-None-Match' => $etag });
        is $main->delete("$base/$job->{jobId}")->{status}, 200, 'changed';
        my $r = $answer->();
        is $r->{status}, 200, 'answered';
        is $r->{json}{status}, 'cancelled', 'with the change';
    };

    subtest 'as long as it prefers' => sub {
        my $id = hold(fresh_id(46));
        my $job = initiate($main, { file_id => $id });
        wait_job($main, $job->{jobId}, sub { $_[0]{progress} == 40 });
        my $r = $main->get("$base/status/$job->{jobId}",
                           Prefer => 'wait=1');
        is $r->{status}, 200, 'answered';
        is $r->{json}{status}, 'processing', 'as it stands';
        cmp_ok $r->{took_s}, '>=', 0.9, 'after the second';
        my $etag = $r->{headers}{etag};
        $r = $main->get("$base/status/$job->{jobId}", Prefer => 'wait=1',
                        'If-None-Match' => $etag);
        is $r->{status}, 304, 'nothing changed: 304';
        release($id);
    };

    subtest 'the result' => sub {
        my $id = hold(fresh_id(46));
        my $job = initiate($main, { file_id => $id });
        my $answer = later('GET', "$base/$job->{jobId}",
                           { Prefer => 'wait=60' });
        release($id);
        my $r = $answer->();
        is $r->{status}, 302, 'a redirect when it is there';
        is $main->get(local_path($main, $r->{headers}{location}))->{body},
            content_of($id), 'to the file';
    };
}

subtest '/start' => sub {
    my $id = hold(fresh_id(46));
    my $answer = later('POST', "$base/start",
                       { 'Content-Type' => 'application/json' },
                       "{\"file_id\":$id}");
    release($id);
    my $r = $answer->();
    is $r->{status}, 200, 'answered';
    is $r->{json}{status}, 'completed', 'when it was over';
    is $r->{json}{file_id}, $id, 'for the file';
};

subtest 'a preference that is none' => sub {
    my $job = initiate($main, { file_id => fresh_id() });
    wait_job($main, $job->{jobId});
    for my $prefer ('wait=60', 'wait=x', 'wait=-1', 'wait', 'x; wait=5') {
        my $r = $main->get("$base/status/$job->{jobId}", Prefer => $prefer);
        is $r->{status}, 200, "$prefer on a job that is over";
        ok !$r->{headers}{'preference-applied'}, 'not applied';
    }
};

done_testing;
