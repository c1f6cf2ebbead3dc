# SPDX-License-Identifier: Apache-2.0
# One client of t/fault/history: asks for files, looks after its jobs, cancels
# some, loads what is done, and writes down what it saw.
#
#   my $client = DLTest::HistoryClient->new(stack => $stack, user => 'ann',
#                                           name => 'c1', log => $log);
#   $client->step;
#
# What it does next is drawn by rand. All clients ask for files of about the
# same time, so that they meet.
package DLTest::HistoryClient;
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use DLTest::Wait qw(now_s wait_for);

my $FIRST = 200_000;        # file id of the first second
my $FILES_S = 6;            # new files a second
my $ACTIVE = 10;            # jobs it looks after at a time
my $TRIES = 12;

sub new {
    my ($class, %args) = @_;
    my $self = bless { began => now_s(), jobs => [], asked => [],
                       keys => 0, %args }, $class;
    $self->{http} = $self->{stack}->http(timeout => 20, headers =>
        $self->{user} eq '' ? {} : { 'X-User' => $self->{user} });
    return $self;
}

sub step {
    my $self = shift;
    my $dice = rand;
    my $jobs = $self->{jobs};

    return $self->ask($self->new_files) if !@$jobs
        || $dice < 0.2 && @$jobs < $ACTIVE;
    return $self->ask(@{ $self->{asked}[rand @{ $self->{asked} }] })
        if $dice > 0.95;
    my $job = $jobs->[rand @$jobs];
    return $self->cancel($job) if $dice > 0.91 && $self->{user} ne '';
    return $self->see($job, 'see', rand() < 0.2 ? 1 : 0);
}

sub new_files {
    my $self = shift;
    my $file = $FIRST + int((now_s() - $self->{began}) * $FILES_S)
        + int rand 4;
    my @files = rand() < 0.1 ? ($file, $file + 1, $file + 2) : $file;
    push @{ $self->{asked} }, \@files;
    shift @{ $self->{asked} } if @{ $self->{asked} } > 5;
    return @files;
}

# A request and what came of it; no answer at all is status 0.
sub request {
    my ($self, $what, $do, %more) = @_;
    my $sent = now_s();
    my $r = eval { $do->() } // { status => 0, why => $@ };
    my $json = $r->{json} // {};
    $self->{log}->note(what => $what, who => $self->{name},
        sent => $sent, status => $r->{status},
        # (an error's "status" is a number)
        $json->{jobId} ? (job => $json->{jobId}) : (),
        ($json->{status} // '') =~ /^[a-z]+$/
            ? (state => $json->{status}, files => files_of($json)) : (),
        # of an ask it is what was asked for
        %more, $r->{why} ? (why => $r->{why}) : ());
    return $r;
}

# With a key it is asked until there is an answer, by the same key.
sub ask {
    my ($self, @files) = @_;
    my $stack = $self->{stack};
    my $key = rand() < 0.6 ? "$self->{name}-" . ++$self->{keys} : undef;

    my $tries = defined $key ? $TRIES : 1;

    for (1 .. $tries) {
        my $r = $self->request('ask', sub { $self->{http}->post_json(
            $stack->api('/initiate'), { file_ids => \@files,
                defined $key ? (idempotency_key => $key) : () }) },
            user => $self->{user}, files => \@files, key => $key);
        if ($r->{status} =~ /^2/) {
            my $id = $r->{json}{jobId};
            push @{ $self->{jobs} }, { id => $id }
                if !grep { $_->{id} eq $id } @{ $self->{jobs} };
            return;
        }
        my $again = now_s() + 0.1 + rand 0.4;
        wait_for(sub { now_s() >= $again }, 'another try');
    }
    return;
}

# The states of the files of a job, by what its body says.
sub files_of {
    my ($job) = @_;
    return { map { $_->{fileId} => $_->{status} } $job->{files}
             ? @{ $job->{files} } : $job->{fileId} ? $job : () };
}

sub forget {
    my ($self, $job) = @_;
    @{ $self->{jobs} } = grep { $_ != $job } @{ $self->{jobs} };
    return;
}

# Looks at a job; loads it when it is completed. Its state, if it was told.
sub see {
    my ($self, $job, $what, $wait_s) = @_;
    my $path = $self->{stack}->api("/status/$job->{id}");
    my $r = $self->request($what, sub { $self->{http}->get($path,
        $wait_s ? (Prefer => "wait=$wait_s") : ()) }, job => $job->{id});
    return if $r->{status} != 200;
    my $body = $r->{json};
    if ($body->{status} =~ /^(?:completed|failed|cancelled)$/) {
        $self->forget($job);
        $self->load($body) if $body->{status} eq 'completed';
    }
    return $body->{status};
}

# Follows the links of a job.
sub load {
    my ($self, $job) = @_;
    for my $file ($job->{files} ? @{ $job->{files} } : $job) {
        next if $file->{status} ne 'completed';
        my ($path) = ($file->{downloadUrl} // '')
            =~ m{^(?:https?://[^/]+)?(/.*)};
        my $sent = now_s();
        my $r = eval { $self->{http}->get($path // '/no-link') }
            // { status => 0, body => '' };
        $self->{log}->note(what => 'get', who => $self->{name},
            sent => $sent, status => $r->{status}, job => $job->{jobId},
            file => $file->{fileId}, sha256 => sha256_hex($r->{body}),
            size => length $r->{body});
    }
    return;
}

sub cancel {
    my ($self, $job) = @_;
    my $r = $self->request('cancel', sub { $self->{http}->delete(
        $self->{stack}->api("/$job->{id}")) }, job => $job->{id});
    $self->forget($job) if $r->{status} == 200;
    return;
}

1;
