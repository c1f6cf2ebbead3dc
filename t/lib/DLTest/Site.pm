# SPDX-License-Identifier: Apache-2.0
# What the tests t/*.t share: clients for the sites of t/conf/sites.conf.in,
# jobs, and their waits.
#
#   my $http = site('still', 'X-User' => 'ann');
#   my $job = initiate($http, { file_ids => [fresh_id()] });
#   my $done = wait_job($http, $job->{jobId});
package DLTest::Site;
use strict;
use warnings;

use Apache::Test ();
use Exporter qw(import);
use POSIX ();
use Test::More;
use DLTest::HTTP;
use DLTest::Redis;
use DLTest::Wait qw(wait_for);

our @EXPORT = qw(var site base fresh_id redis hold release initiate wait_job
                 job_state local_path is_problem content_of);

my $BASE = '/v1/download';
my $vars = Apache::Test::config()->{vars};
my $uuid = qr/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}
               -[0-9a-f]{12}$/x;

# A variable of the run: dl_dir, still_port …
sub var { return $vars->{ $_[0] } // die "no variable $_[0]\n" }

# A client of a site ("main" or a name of sites.conf.in), with headers that
# go with each request.
sub site {
    my ($name, %headers) = @_;
    return DLTest::HTTP->new(
        port    => $name eq 'main' ? $vars->{port} : var("${name}_port"),
        headers => \%headers);
}

sub base { return $BASE }

# A file id nobody has asked for; $end: its last two digits.
my $next = ($$ % 9000) * 1000 + int rand 1000;
sub fresh_id {
    my ($end) = @_;
    return 10_000_000 + (++$next % 80_000 + int($next / 80_000) % 900 * 80_000)
        % 800_000 * 100 + ($end // 11);
}

# A client of the bed's Redis.
sub redis { return DLTest::Redis->new(socket => var('dl_redis')) }

# For ids that end in 46: the source waits until release().
sub hold {
    my ($id) = @_;
    my $pipe = var('dl_dir') . "/hold.$id";
    POSIX::mkfifo($pipe, 0666) or die "mkfifo $pipe: $!";
    chmod 0666, $pipe;
    return $id;
}

sub release {
    my ($id) = @_;
    my $pipe = var('dl_dir') . "/hold.$id";
    open my $out, '+>', $pipe or die "$pipe: $!";
    syswrite $out, "go\n";
    wait_for(sub {
        my $left = '';
        vec($left, fileno $out, 1) = 1;
        return !select $left, undef, undef, 0;
    }, "the source of $id reads");
    close $out;
    return;
}

# Asks for files; dies unless it is admitted. The answer's body.
sub initiate {
    my ($http, $body, %headers) = @_;
    my $r = $http->post_json("$BASE/initiate", $body, %headers);
    die "initiate: $r->{status} $r->{body}\n"
        unless $r->{status} == 202 || $r->{status} == 200;
    die "initiate: no job id: $r->{body}\n"
        unless $r->{json}{jobId} =~ $uuid;
    return $r->{json};
}

# The job as status shows it.
sub job_state {
    my ($http, $id) = @_;
    my $r = $http->get("$BASE/status/$id");
    die "status: $r->{status} $r->{body}\n" unless $r->{status} == 200;
    return $r->{json};
}

# Waits until a job is over ($until: until that holds); its last state.
sub wait_job {
    my ($http, $id, $until) = @_;
    $until //= sub { $_[0]{status} =~ /^(?:completed|failed|cancelled)$/ };
    return wait_for(sub {
        my $job = job_state($http, $id);
        return $until->($job) ? $job : undef;
    }, "job $id", 60);
}

# The path and query of an absolute link to this very site.
sub local_path {
    my ($http, $url) = @_;
    my $origin = "http://127.0.0.1:$http->{port}";
    die "$url is not below $origin\n" if index $url, "$origin/";
    return substr $url, length $origin;
}

# An error as the contract has it: all members there, and they agree.
sub is_problem {
    my ($r, $status, $code, $what, $message) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $body = $r->{json} // {};
    return subtest $what => sub {
        is $r->{status}, $status, 'status';
        is $body->{errorCode}, $code, 'errorCode';
        is $body->{status}, $status, 'status in the body';
        ok length($body->{$_} // ''), "member $_"
            for qw(error message title type detail instance);
        is $body->{requestId}, $r->{headers}{'x-request-id'}, 'requestId';
        is $r->{headers}{'cache-control'}, 'no-store', 'not cached';
        like $body->{message}, $message, 'message' if $message;
    };
}

# What make-file makes of an id.
sub content_of {
    my ($id) = @_;
    my $line = "this is file $id\n";
    return substr $line x (100_000 / length($line) + 1), 0, 100_000;
}

1;
