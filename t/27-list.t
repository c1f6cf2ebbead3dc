# SPDX-License-Identifier: Apache-2.0
# GET /: the caller's jobs.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(now_s wait_for);

my $base = base();
my $user = "lister$$";
my $http = site('still', 'X-User' => $user);

# Jobs of one millisecond have no order among them: one each.
my @jobs;
for (1 .. 25) {
    push @jobs, initiate($http, { file_id => fresh_id() })->{jobId};
    my $last = now_s();
    wait_for(sub { now_s() - $last > 0.002 }, 'the next millisecond');
}
$http->delete("$base/$_") for @jobs[3, 7];

sub list { return $http->get("$base/" . ($_[0] // '')) }
sub ids { return [map { $_->{jobId} } @{ $_[0]{json}{jobs} }] }

subtest 'newest first' => sub {
    my $r = list();
    is $r->{status}, 200, 'ok';
    is_deeply ids($r), [reverse @jobs[5 .. 24]], 'twenty at a time';
    is_deeply $r->{json}{jobs}[0], job_state($http, $jobs[24]),
        'each as status shows it';
    is_deeply ids($http->get($base)), ids($r), 'with or without the slash';
};

subtest 'pages' => sub {
    my (@seen, $cursor);
    for (1 .. 9) {
        my $r = list('?limit=7' . ($cursor ? "&cursor=$cursor" : ''));
        push @seen, @{ ids($r) };
        ok @{ ids($r) } <= 7, 'no more than asked for';
        $cursor = $r->{json}{cursor} // last;
    }
    is_deeply \@seen, [reverse @jobs], 'all of them, once';
    is scalar @{ ids(list('?limit=100')) }, 25, 'a hundred';
};

subtest 'by status' => sub {
    is_deeply ids(list('?status=cancelled')), [@jobs[7, 3]], 'cancelled';
    is scalar @{ ids(list('?status=queued&limit=100')) }, 23, 'queued';
    is_deeply ids(list('?status=completed')), [], 'none';
};

subtest 'what is wrong' => sub {
    for my $query ('?limit=0', '?limit=101', '?limit=x', '?limit=-1',
                   '?limit=', '?limit=%zz', '?status=', '?status=done', '?cursor=x',
                   '?cursor=%00', '?cursor=' . 'x' x 2000) {
        is_problem list($query), 400, 'INVALID_REQUEST', $query;
    }
    is_problem site('still')->get("$base/"), 401, 'UNAUTHENTICATED',
        'nobody has no list';
    is list('?nothing=known')->{status}, 200, 'unknown parameters';
};

done_testing;
