# SPDX-License-Identifier: Apache-2.0
# GET /objects/{key}: the file store, to whoever has a link.
use strict;
use warnings;
use Test::More;
use POSIX ();
use Digest::SHA qw(hmac_sha256_base64);
use lib 't/lib';
use DLTest::Site;

my $base = base();
my $http = site('main');
my $store = var('dl_objects');

sub put {
    my ($key, $bytes) = @_;
    my $path = "$store/$key";
    my ($dir) = $path =~ m{(.*)/};
    -d $dir or mkdir $dir or die "mkdir $dir: $!";
    chmod 0755, $dir;
    open my $out, '>', $path or die "$path: $!";
    print {$out} $bytes;
    close $out;
    chmod 0644, $path;
    return $key;
}

sub encode {
    return join '', map { /[A-Za-z0-9._~\/-]/ ? $_ : sprintf '%%%02X', ord }
        split //, $_[0];
}

# A link as dl_link.h describes it.
sub sign {
    my ($key, %with) = @_;
    my $expires = $with{expires} // time + 600;
    my ($name, $type) = ($with{filename} // '', $with{type} // '');
    my $text = "dljob-link\n$expires\n" . join "\n",
        map { length() . ":$_" } $key, $name, $type;
    my $mac = hmac_sha256_base64($text, $with{secret} // var('dl_link_key'));
    $mac =~ tr{+/}{-_};
    return "$base/objects/" . encode($key) . "?expires=$expires"
        . (length $name ? '&filename=' . encode($name) : '')
        . (length $type ? '&type=' . encode($type) : '')
        . "&signature=$mac";
}

my $bytes = join '', map { chr($_ * 7 % 256) } 0 .. 99_999;
put('t/plain.bin', $bytes);

subtest 'as a job hands it out' => sub {
    my $id = fresh_id();
    my $job = wait_job($http, initiate($http, { file_id => $id })->{jobId});
    my $r = $http->get(local_path($http, $job->{downloadUrl}));
    my $h = $r->{headers};
    is $r->{status}, 200, 'there';
    is $r->{body}, content_of($id), 'the bytes';
    is $h->{'content-type'}, 'text/plain; charset=utf-8', 'type';
    is $h->{'content-length'}, 100_000, 'length';
    is $h->{'content-disposition'}, "attachment; filename=\"file $id.txt\"",
        'name';
    is $h->{'x-content-type-options'}, 'nosniff', 'nosniff';
    like $h->{'content-security-policy'}, qr/sandbox/, 'sandbox';
    like $h->{'cache-control'}, qr/^private, max-age=\d+$/, 'cached briefly';
    is $h->{'accept-ranges'}, 'bytes', 'ranges';
    ok $h->{'last-modified'} && $h->{etag}, 'validators';
    unlike $h->{etag}, qr{^W/}, 'a strong one';
    ok $h->{'x-request-id'}, 'request id';
};

subtest 'HEAD' => sub {
    my $r = $http->request('HEAD', sign('t/plain.bin'));
    is $r->{status}, 200, 'there';
    is $r->{headers}{'content-length'}, 100_000, 'length';
    is $r->{headers}{'content-type'}, 'application/octet-stream', 'type';
    is $http->get(sign('t/plain.bin'))->{body}, $bytes, 'and GET after it';
};

subtest 'ranges' => sub {
    my $link = sign('t/plain.bin');
    for (['bytes=0-0', 0, 1], ['bytes=100-199', 100, 100],
         ['bytes=99999-', 99_999, 1], ['bytes=-500', 99_500, 500],
         ['bytes=99990-200000', 99_990, 10]) {
        my ($range, $from, $n) = @$_;
        my $r = $http->get($link, Range => $range);
        is $r->{status}, 206, $range;
        is $r->{body}, substr($bytes, $from, $n), 'its bytes';
        is $r->{headers}{'content-range'},
            sprintf('bytes %d-%d/100000', $from, $from + $n - 1),
            'Content-Range';
    }
    my $r = $http->get($link, Range => 'bytes=0-1,10-11');
    is $r->{status}, 206, 'several';
    like $r->{headers}{'content-type'}, qr{^multipart/byteranges}, 'parts';
    is $http->get($link, Range => 'bytes=100000-')->{status}, 416,
        'beyond the end';
    is $http->get($link, Range => 'lines=1-2')->{status}, 200, 'not bytes';
    is $http->get($link, Range => 'bytes=5-1')->{status}, 200, 'backwards';
};

subtest 'conditions' => sub {
    my $link = sign('t/plain.bin');
    my $h = $http->get($link)->{headers};
    my ($etag, $when) = @$h{qw(etag last-modified)};
    my %range = (Range => 'bytes=0-9');
    is $http->get($link, %range, 'If-Range' => $etag)->{status}, 206,
        'If-Range: its ETag';
    is $http->get($link, %range, 'If-Range' => '"x"')->{status}, 200,
        'If-Range: another';
    is $http->get($link, 'If-None-Match' => $etag)->{status}, 304,
        'If-None-Match';
    is $http->get($link, 'If-None-Match' => '"x"')->{status}, 200,
        'If-None-Match: another';
    is $http->get($link, 'If-Modified-Since' => $when)->{status}, 304,
        'If-Modified-Since';
    is $http->get($link, 'If-Match' => '"x"')->{status}, 412,
        'If-Match: another';
    is $http->get($link, 'If-Match' => $etag)->{status}, 200, 'If-Match';
    put('t/changed.bin', 'one');
    my $changed = sign('t/changed.bin');
    my $old = $http->get($changed)->{headers}{etag};
    put('t/changed.bin', 'other');
    isnt $http->get($changed)->{headers}{etag}, $old,
        'an ETag goes with the bytes';
};

subtest 'forged' => sub {
    my $good = sign('t/plain.bin', filename => 'a.txt');
    is $http->get($good)->{status}, 200, 'the link itself';
    is $http->get("$good&utm_source=mail")->{status}, 200,
        'with what a mail program adds';
    put('t/other.bin', 'other');
    my %bad = (
        'another key' => $good =~ s/plain/other/r,
        'another name' => $good =~ s/a\.txt/b.exe/r,
        'a later end' => $good =~ s/expires=(\d+)/'expires=' . ($1 + 1)/er,
        'a type' => "$good&type=text/html",
        'no name' => $good =~ s/&filename=[^&]*//r,
        'no signature' => $good =~ s/&signature=.*//r,
        'no end' => $good =~ s/expires=\d+&//r,
        'nothing' => $good =~ s/\?.*//r,
        'an empty signature' => $good =~ s/(signature=).*/$1/r,
        'a shorter signature' => substr($good, 0, -1),
        'a longer signature' => "${good}A",
        'a changed signature' =>
            $good =~ s/(signature=)(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/er,
        'two signatures' => "$good&signature=x",
        'two ends' => "$good&expires=9999999999",
        'another secret' => sign('t/plain.bin', secret => 'x' x 32),
        'a moved border' => sign('t/plain.bin', filename => 'a')
            =~ s/plain\.bin/plain.bi/r =~ s/filename=a/filename=na/r,
        'no number' => $good =~ s/expires=\d+/expires=soon/r,
        'a negative end' => $good =~ s/expires=/expires=-/r,
        'a huge end' => $good =~ s/expires=\d+/expires=99999999999999999999/r,
    );
    for my $what (sort keys %bad) {
        my $r = $http->get($bad{$what});
        is_problem $r, 403, 'FORBIDDEN', $what;
        unlike $r->{body}, qr/\Q$store\E/, 'no path in it';
    }
    is_problem $http->get(sign('t/plain.bin', expires => time - 1)), 403,
        'FORBIDDEN', 'over', qr/expired/;
    is $http->get(sign('t/plain.bin', expires => time + 3))->{status}, 200,
        'not yet over';
};

subtest 'keys' => sub {
    put('t/with space.bin', 'space');
    is $http->get(sign('t/with space.bin'))->{body}, 'space', 'a space';
    put("t/\xc3\xa4.bin", 'umlaut');
    is $http->get(sign("t/\xc3\xa4.bin"))->{body}, 'umlaut', 'UTF-8';
    put('t/percent%41.bin', 'percent');
    is $http->get(sign('t/percent%41.bin'))->{body}, 'percent', 'a percent';
    is_problem $http->get(sign('t/not there')), 404, 'NOT_FOUND',
        'not there';
    is_problem $http->get(sign('t')), 404, 'NOT_FOUND', 'a directory';
    is_problem $http->get(sign('t/plain.bin/x')), 404, 'NOT_FOUND',
        'below a file';
};

# Links that are signed, and still must not lead out of the store.
subtest 'tricks' => sub {
    my $outside = var('dl_dir') . '/secret.txt';
    open my $out, '>', $outside or die $!;
    print {$out} 'SECRET';
    close $out;
    chmod 0644, $outside;
    symlink $outside, "$store/t/link" or die $!;
    symlink var('dl_dir'), "$store/out" or die $!;
    symlink 'plain.bin', "$store/t/inside" or die $!;
    POSIX::mkfifo("$store/t/pipe", 0644) or die $!;
    for my $key ('t/link', 'out/secret.txt', 't/inside', 't/pipe') {
        my $r = $http->get(sign($key));
        is_problem $r, 404, 'NOT_FOUND', $key;
    }
    for my $key ('../secret.txt', 't/../../secret.txt', '..', '.', 't/./x',
                 't//plain.bin', '/etc/passwd', 't/', '', "t/a\0b",
                 "t/a\nb", 't\\plain.bin', '.dljob-x', 't/.dljob-x',
                 'x' x 300, join('/', ('x' x 200) x 6)) {
        my $r = $http->get(sign($key));
        my $name = substr($key, 0, 30) =~ s/[^ -~]/?/gr;
        ok $r->{status} =~ /^40[0134]$/, "'$name': $r->{status}";
        unlike $r->{body}, qr/SECRET|root:/, 'nothing of it';
    }
    for my $raw ('%2e%2e/secret.txt', '..%2fsecret.txt',
                 't%2fplain.bin', 't/%2e/plain.bin', '%00', 't/plain.bin%00',
                 't/%c0%ae%c0%ae/secret.txt', 't/..;/secret.txt',
                 't/%5c..%5csecret.txt', '%zz') {
        my $r = $http->get("$base/objects/$raw?"
                           . (split /\?/, sign('t/plain.bin'))[1]);
        ok $r->{status} =~ /^40[0134]$/, "$raw: $r->{status}";
        unlike $r->{body}, qr/SECRET/, 'nothing of it';
    }
    unlink "$store/t/link", "$store/out", "$store/t/inside", "$store/t/pipe";
};

subtest 'names' => sub {
    my $r = $http->get(sign('t/plain.bin', filename => 'a"b\\c.txt'));
    is $r->{status}, 200, 'a name with quotes';
    unlike $r->{headers}{'content-disposition'},
        qr/filename="a"b/, 'is quoted';
    $r = $http->get(sign('t/plain.bin', filename => "\xe2\x82\xac.txt"));
    like $r->{headers}{'content-disposition'},
        qr/filename\*=UTF-8''%E2%82%AC\.txt/, 'RFC 8187';
    $r = $http->get(sign('t/plain.bin', filename => "a\r\nX-Evil: 1"));
    ok !exists $r->{headers}{'x-evil'}, 'no header is smuggled in';
    $r = $http->get(sign('t/plain.bin', type => "a/b\r\nX-Evil: 1"));
    ok !exists $r->{headers}{'x-evil'}, 'by a type neither';
};

subtest 'methods' => sub {
    for my $method (qw(POST PUT DELETE PATCH)) {
        my $r = $http->request($method, sign('t/plain.bin'), {}, '');
        is_problem $r, 405, 'METHOD_NOT_ALLOWED', $method;
        like $r->{headers}{allow}, qr/GET/, 'Allow';
    }
};

subtest 'large' => sub {
    my $path = "$store/t/large.bin";
    open my $out, '>', $path or die $!;
    truncate $out, 5 * 2**30 or die $!;
    seek $out, 5 * 2**30 - 5, 0;
    print {$out} 'tail!';
    close $out;
    chmod 0644, $path;
    my $r = $http->get(sign('t/large.bin'), Range => 'bytes=-5');
    is $r->{body}, 'tail!', 'beyond 4 GiB';
    is $http->request('HEAD', sign('t/large.bin'))
            ->{headers}{'content-length'}, 5 * 2**30, 'length';
    unlink $path;
};

done_testing;
