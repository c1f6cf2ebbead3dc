# SPDX-License-Identifier: Apache-2.0
# POST /check: whether a file is in the store.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use DLTest::Site;
use DLTest::Wait qw(now_s);

my $base = base();
my $http = site('main');

sub check { return $http->post_json("$base/check", { file_id => $_[0] }) }

subtest 'prepared' => sub {
    my $id = fresh_id();
    my $r = check($id);
    is $r->{status}, 200, 'before';
    is_deeply $r->{json}, { file_id => $id, available => JSON::PP::false,
                            s3Key => undef, size => undef }, 'not there';
    wait_job($http, initiate($http, { file_id => $id })->{jobId});
    $r = check($id);
    is $r->{status}, 200, 'after';
    is_deeply [sort keys %{ $r->{json} }],
        [qw(available file_id s3Key size)], 'the members';
    ok $r->{json}{available}, 'there';
    is $r->{json}{size}, 100_000, 'size';
    like $r->{json}{s3Key}, qr{^files/$id}, 's3Key';
    unlink var('dl_objects') . "/$r->{json}{s3Key}" or die $!;
    ok !check($id)->{json}{available}, 'gone from the store';
};

subtest 'an object that was there before' => sub {
    my $id = fresh_id();
    my $path = var('dl_objects') . "/files/$id";
    open my $out, '>', $path or die "$path: $!";
    print {$out} 'four';
    close $out;
    my $r = check($id);
    ok $r->{json}{available}, 'there';
    is $r->{json}{s3Key}, "files/$id", 's3Key';
    is $r->{json}{size}, 4, 'size';
};

subtest 'the store is away' => sub {
    my $s3 = site('store');
    my $id = fresh_id();
    my $start = now_s();
    my $r = $s3->post_json("$base/check", { file_id => $id });
    is $r->{status}, 503, 'unavailable';
    is_deeply $r->{json}, { file_id => $id, available => JSON::PP::false,
                            s3Key => undef, size => undef },
        'the same members';
    ok $r->{headers}{'retry-after'}, 'Retry-After';
    ok now_s() - $start < 5, 'within its deadline';
};

subtest 'what is wrong' => sub {
    is_problem $http->post_json("$base/check", '{'), 400, 'INVALID_JSON',
        'no JSON';
    is_problem $http->post_json("$base/check", {}), 400, 'INVALID_REQUEST',
        'no file_id';
    is_problem check(1), 400, 'INVALID_FILE_ID', 'out of bounds';
    is_problem check('70000'), 400, 'INVALID_FILE_ID', 'a string';
};

done_testing;
