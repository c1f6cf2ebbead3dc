# SPDX-License-Identifier: Apache-2.0
# Receivers of webhooks (t/webhooks/receiver.mjs) and a stack whose workers
# send to them, with a resolver that the test controls.
#
#   my $receiver = DLTest::Receiver->new;
#   my $stack = DLTest::Receiver::Stack->new(receiver => $receiver, ...);
#   my $url = $receiver->url(twice => 'a');     # http://127.0.0.5:PORT/a
#   my @requests = $receiver->requests(twice => 'a');
#   $receiver->names("flip.test 127.0.0.5 127.0.0.1\n");
#   $receiver->notes('canary');                 # what else it has noted
package DLTest::Receiver;
use strict;
use warnings;

use Cwd qw(abs_path);
use Fcntl qw(LOCK_EX);
use File::Basename qw(dirname);
use File::Compare qw(compare);
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp ();
use JSON::PP ();
use POSIX ();
use DLTest::Process ();
use DLTest::Wait qw(wait_for);

our $ADDRESS = '127.0.0.5';
# two secrets, the older one first
our @SECRETS = ('whsec_' . 'T2xkIG9uZSwgdG8gYmUgcm90YXRlZCBhd2F5',
                'whsec_' . 'TmV3IG9uZSwgdGhhdCB3aWxsIGJlIGtlcHQh');

my $TOP = abs_path(dirname(__FILE__) . '/../../..');
my $json = JSON::PP->new->utf8;

sub run {
    my ($log, @command) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>>', $log or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return if $? == 0;
    open my $in, '<', $log;
    die "@command: status $?\n", <$in>;
}

# The library from npm, by its lock file, and a resolver to preload: made
# once, as the next test may come while this one runs.
sub tools {
    my $build = $ENV{BUILD} // "$TOP/build";
    my $tools = "$build/webhooks";
    my $log = "$tools/tools.log";
    my %from = map { $_ => "$TOP/t/webhooks/$_" }
        qw(package.json package-lock.json receiver.mjs);
    $from{'resolve.c'} = "$TOP/t/tools/resolve.c";

    make_path($tools);
    open my $lock, '>', "$tools/lock" or die "$tools/lock: $!";
    flock $lock, LOCK_EX or die "$tools/lock: $!";
    return $tools if -e "$tools/made"
        && !grep { compare($from{$_}, "$tools/$_") != 0 } keys %from;
    unlink $log, "$tools/made";
    copy($from{$_}, "$tools/$_") or die "$_: $!" for keys %from;
    run($log, 'sh', '-c', "cd '$tools' && npm ci --no-audit --no-fund");
    run($log, 'gcc', '-std=gnu11', '-Wall', '-Wextra', '-shared', '-fPIC',
        '-o', "$tools/resolve.so", "$tools/resolve.c");
    run($log, 'touch', "$tools/made");
    return $tools;
}

# A certificate authority, and certificates: a good one, one of another name,
# one that nobody vouches for.
sub certificates {
    my $dir = shift;
    my $log = "$dir/openssl.log";
    my @new = (qw(openssl req -x509 -newkey ec -pkeyopt
                  ec_paramgen_curve:P-256 -nodes -days 2));

    run($log, @new, '-subj', '/CN=a test', '-keyout', "$dir/ca.key",
        '-out', "$dir/ca.pem");
    for (['tls', "IP:$ADDRESS,DNS:tls.test"], ['othername', 'DNS:other.test'],
         ['selfsigned', "IP:$ADDRESS"]) {
        my ($name, $san) = @$_;
        run($log, @new, '-subj', "/CN=$name", '-addext',
            "subjectAltName=$san", '-addext', 'basicConstraints=CA:FALSE',
            '-keyout', "$dir/$name.key", '-out', "$dir/$name.pem",
            $name eq 'selfsigned' ? ()
                : ('-CA', "$dir/ca.pem", '-CAkey', "$dir/ca.key"));
    }
    return;
}

sub new {
    my $class = shift;
    my $self = bless {
        tmp => File::Temp->newdir('dlhooks-XXXXXXXX', TMPDIR => 1),
        tools => tools(),
    }, $class;
    my $dir = $self->{dir} = "$self->{tmp}";
    chmod 0755, $dir;
    certificates($dir);
    $self->names('');
    open my $log, '>', "$dir/hosts.log" or die "hosts.log: $!";
    chmod 0666, "$dir/hosts.log";
    my $node = $self->{process} = DLTest::Process->new(
        name => 'receiver', log => "$dir/node.log",
        command => ['/usr/bin/env', 'node', "$self->{tools}/receiver.mjs",
                    $dir, $ADDRESS, @SECRETS]);
    wait_for(sub {
        -e "$dir/ports.json" || !$node->alive;
    }, 'the receivers listen');
    open my $in, '<', "$dir/ports.json"
        or do { run("$dir/node.log", 'false') };
    $self->{ports} = $json->decode(do { local $/; <$in> });
    return $self;
}

sub dir { return shift->{dir} }
sub port { my ($self, $act) = @_; return $self->{ports}{$act} // die $act }

sub url {
    my ($self, $act, $name, $host) = @_;
    my $scheme = $act =~ /^(?:tls|selfsigned|othername)$/ ? 'https' : 'http';
    return "$scheme://" . ($host // $ADDRESS) . ':' . $self->port($act)
        . "/$name";
}

# What the names under .test resolve to; see t/tools/resolve.c.
sub names {
    my ($self, $text) = @_;
    open my $out, '>', "$self->{dir}/hosts" or die "hosts: $!";
    print {$out} $text;
    close $out or die "hosts: $!";
    return;
}

# The answers that the resolver gave for a name.
sub resolved {
    my ($self, $name) = @_;
    open my $in, '<', "$self->{dir}/hosts.log" or die "hosts.log: $!";
    return grep { defined } map { /^\Q$name\E (.*)$/ ? $1 : undef } <$in>;
}

sub notes {
    my ($self, $act) = @_;
    open my $in, '<', "$self->{dir}/requests.log" or return;
    return grep { $_->{act} eq $act }
        map { /\n\z/ ? $json->decode($_) : () } <$in>;
}

sub requests {
    my ($self, $act, $name) = @_;
    return grep { defined $_->{id} && (!defined $name
                                       || $_->{path} eq "/$name") }
        $self->notes($act);
}

# Waits for that many requests, and returns them.
sub wait_requests {
    my ($self, $act, $name, $n, $seconds) = @_;
    my @got;
    wait_for(sub { @got = $self->requests($act, $name); @got >= $n },
             "$n requests for $act/$name", $seconds // 60);
    return @got;
}

# Lets what is held answer.
sub go {
    my ($self, $name) = @_;
    open my $out, '>', "$self->{dir}/go-$name" or die "go-$name: $!";
    return;
}

# ---- a stack with it

package DLTest::Receiver::Stack;
our @ISA = ('DLTest::Stack');
use DLTest::Stack ();

sub new {
    my ($class, %args) = @_;
    my $self = DLTest::Stack::new($class, %args);
    $self->secrets(0);
    $self->{conf} .= "DLJobWebhookSecret \"$self->{dir}/hook.WHO\"\n"
        . "DLJobWebhookCA \"$self->{receiver}{dir}/ca.pem\"\n"
        . "DLJobWebhookAllow $DLTest::Receiver::ADDRESS/32:* "
        . "http://$DLTest::Receiver::ADDRESS/32:*\n"
        . "DLJobWebhookRetry 300ms 500ms 1s\n"
        . "DLJobMaxQueue off\nDLJobConcurrency 50\n";
    return $self;
}

# Each program has a file of secrets of its own, as each runs as somebody
# else. The numbers of the secrets, newest first.
sub secrets {
    my ($self, @numbers) = @_;
    for my $who (qw(httpd worker)) {
        my $path = $self->write_file("hook.$who", join('', map {
            "$DLTest::Receiver::SECRETS[$_]\n" } @numbers), 0600);
        $self->own($path) if $who eq 'worker';
    }
    return;
}

sub settings {
    my ($self, $who) = @_;
    return $self->SUPER::settings($who) =~ s/hook\.WHO/hook.$who/r;
}

sub env {
    my ($self, $part) = @_;
    my $env = $self->SUPER::env($part);
    return $env if $part !~ /^w/;
    # the sanitizers' libraries come first, or they complain
    my @preload = ($self->sanitizers, "$self->{receiver}{tools}/resolve.so");
    return { %$env, LD_PRELOAD => join(' ', @preload),
             DLTEST_HOSTS => "$self->{receiver}{dir}/hosts" };
}

# Asks for a file with a callbackUrl; the job.
sub ask {
    my ($self, $file, $url, %headers) = @_;
    my $r = $self->http->post_json($self->api('/initiate'),
        { file_ids => ref $file ? $file : [$file], callbackUrl => $url },
        %headers);
    die "initiate: $r->{status} $r->{body}\n" if !$r->{json}{jobId};
    return $r->{json};
}

# What Redis knows of a job's webhook.
sub hook {
    my ($self, $id) = @_;
    my %hook = $self->redis->hash($self->key("hook:$id"));
    return \%hook;
}

1;
