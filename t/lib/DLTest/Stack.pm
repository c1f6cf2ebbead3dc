# SPDX-License-Identifier: Apache-2.0
# Redis, httpd with the module and workers, in a folder of their own under
# the system's temporary one; each part can be stopped, killed and started
# again by its name.
#
#   my $stack = DLTest::Stack->new(
#       redis => ['--appendonly', 'yes'],   # further arguments
#       conf => "DLJobLease 4s\n",          # further directives, both programs
#       worker_conf => "...", httpd_conf => "...", location => "...",
#       workers => 2, mpm => 'event', proxy => 1, tls => 1, http2 => 1,
#       gently => 1);
#   $stack->start;
#   $stack->http->post_json($stack->api('/initiate'), { file_ids => [70000] });
#   $stack->stop('redis');  $stack->kill9('w1');  $stack->start_part('w1');
#   is_deeply [$stack->crashes], [];
#
# Parts: redis, httpd, w1 .. wN. With proxy => 1 httpd and workers reach Redis
# through a DLTest::CutProxy each: $stack->proxy('httpd'), ->proxy('worker').
# With proxy => 'each' every worker has its own: ->proxy('w1').
# As root, workers and httpd's children are nobody; else the caller.
package DLTest::Stack;
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use IO::Socket::INET ();
use DLTest::CutProxy ();
use DLTest::HTTP ();
use DLTest::Port qw(free_port);
use DLTest::Process ();
use DLTest::Redis ();
use DLTest::StackConf ();
use DLTest::Wait qw(wait_for);

our @ISA = ('DLTest::StackConf');

my $TOP = abs_path(dirname(__FILE__) . '/../../..');

# What must never stand in a log, whatever a test does.
my $CRASH = qr/AddressSanitizer|LeakSanitizer|ThreadSanitizer
              |UndefinedBehavior|runtime\ error:|exit\ signal|Assertion
              |\bchild\b.*\bdied\b|:(?:crit|alert|emerg)\]/x;

sub new {
    my ($class, %args) = @_;
    my $self = bless {
        build => $ENV{BUILD} // $ENV{DLJOB_BUILDDIR} // "$TOP/build",
        prefix => '{dljob}:', base => '/v1/download', mpm => 'event',
        redis => [], workers => 1, conf => '', worker_conf => '',
        httpd_conf => '', location => '', parts => {}, %args,
    }, $class;

    $self->{tmp} = File::Temp->newdir('dlstack-XXXXXXXX', TMPDIR => 1);
    my $dir = $self->{dir} = "$self->{tmp}";
    $self->{user} = $> == 0 ? 'nobody' : scalar getpwuid $>;
    chmod 0755, $dir;
    mkdir "$dir/$_" for qw(redis objects spool logs htdocs run);
    $self->own(map { "$dir/$_" } qw(objects spool logs));
    $self->{socket} = "$dir/redis.sock";
    $self->{redis_at} = { httpd => $self->{socket},
                          worker => $self->{socket} };
    $self->{port} = free_port();
    $self->{tls_port} = free_port() if $self->{tls};
    return $self;
}

# Gives paths to the user that workers and httpd's children run as.
sub own {
    my ($self, @paths) = @_;
    chown +(getpwnam $self->{user})[2, 3], @paths if $> == 0;
    return;
}

sub write_file {
    my ($self, $name, $text, $mode) = @_;
    my $path = "$self->{dir}/$name";
    open my $out, '>', $path or die "$path: $!";
    print {$out} $text;
    close $out or die "$path: $!";
    chmod $mode // 0644, $path;
    return $path;
}

sub dir { return shift->{dir} }
sub port { return shift->{port} }
sub key { my ($self, $name) = @_; return $self->{prefix} . $name }
sub api { my ($self, $path) = @_; return $self->{base} . ($path // '') }

sub log_of {
    my ($self, $part) = @_;
    return "$self->{dir}/logs/$part.log";
}

# ---- parts

sub start {
    my $self = shift;
    $self->start_part('redis');
    my @behind = !$self->{proxy} ? () : $self->{proxy} ne 'each'
        ? qw(httpd worker) : ('httpd', map { "w$_" } 1 .. $self->{workers});
    for my $who (@behind) {
        $self->{proxies}{$who} = DLTest::CutProxy->new(
            dir => $self->{dir}, name => "to-$who",
            server => $self->{socket});
        $self->{redis_at}{$who} = $self->{proxies}{$who}->path;
    }
    $self->configure;
    $self->start_part('httpd');
    $self->start_part("w$_") for 1 .. $self->{workers};
    return $self;
}

sub command {
    my ($self, $part) = @_;
    return ['redis-server', '--port', 0, '--unixsocket', $self->{socket},
            '--unixsocketperm', 777, '--dir', "$self->{dir}/redis",
            '--save', '', '--appendonly', 'no', @{ $self->{redis} }]
        if $part eq 'redis';
    return [$self->httpd, '-f', "$self->{dir}/httpd.conf", '-DFOREGROUND']
        if $part eq 'httpd';
    return ["$self->{build}/dlworker/dlworker", '-f',
            "$self->{dir}/worker.dljob", '-n', $part,
            $self->{proxies}{$part} ? ('-D', 'DLJobRedis "unix:'
                . $self->{proxies}{$part}->path . '"') : ()];
}

# Starts a part (again) and waits until it can be used.
sub start_part {
    my ($self, $part, %with) = @_;
    my $log = $self->log_of($part);
    my $as = $part =~ /^w/ ? $self->{user} : undef;

    # prefork's parent ends its whole process group
    my @apart = $part eq 'httpd' && $self->{mpm} eq 'prefork'
        ? (before_exec => sub { setpgrp }) : ();
    $self->{parts}{$part} = DLTest::Process->new(
        name => $part, log => $log, user => $as, umask => 022, @apart,
        command => $self->command($part), env => $self->env($part));
    return if $with{no_wait};
    my $ready = $part eq 'redis' ? sub { -S $self->{socket}
            && eval { $self->redis_now->cmd('PING') } }
        : $part eq 'httpd' ? sub { IO::Socket::INET->new(
            PeerAddr => '127.0.0.1', PeerPort => $self->{port}) }
        : sub { $self->redis->cmd(EXISTS => $self->key("worker:$part")) };
    my $process = $self->{parts}{$part};
    wait_for(sub {
        die "$part has ended:\n" . $self->tail($part)
            unless $process->alive;
        $ready->();
    }, "$part is up", $with{seconds} // 60);
    return;
}

sub part {
    my ($self, $part) = @_;
    return $self->{parts}{$part} // die "no part $part\n";
}

sub pid { my ($self, $part) = @_; return $self->part($part)->pid }
sub alive { my ($self, $part) = @_; return $self->part($part)->alive }

sub signal {
    my ($self, $part, $signal) = @_;
    return $self->part($part)->signal($signal);
}

# SIGTERM and wait; its $?. gently: httpd as systemd stops it, for mpm_event
# may crash at SIGTERM while many connections close.
sub stop {
    my ($self, $part, $seconds) = @_;
    my $signal = $part eq 'httpd' && $self->{gently} ? 'WINCH' : 'TERM';
    return $self->part($part)->stop($signal, $seconds);
}

sub kill9 { my ($self, $part) = @_; return $self->part($part)->kill9 }

# Workers first, so that they can hand back what they hold. When a test has
# failed, the ends of the logs are told.
sub stop_all {
    my $self = shift;
    $self->tell_logs if $INC{'Test/Builder.pm'}
        && !Test::Builder->new->is_passing;
    my @others = grep { $_ ne 'redis' && $self->alive($_) }
        sort keys %{ $self->{parts} };
    my @workers = grep { /^w\d/ } @others;
    for my $signal (qw(CONT TERM)) {        # all of them at once
        $self->signal($_, $signal) for @workers;
    }
    for my $part (@workers) {
        eval { $self->part($part)->wait_end(30); 1 } or $self->stop($part);
    }
    $self->stop($_) for grep { !/^w\d/ } @others;
    $_->stop for values %{ $self->{proxies} // {} };
    $self->stop('redis') if $self->{parts}{redis} && $self->alive('redis');
    return;
}

sub proxy {
    my ($self, $who) = @_;
    return $self->{proxies}{$who} // die "no proxy for $who\n";
}

# What httpd and its children hold of the memory, in KB, each page once.
sub httpd_kb {
    my $self = shift;
    my $parent = $self->pid('httpd');
    my $kb = 0;
    for my $pid ($parent, split ' ', qx(pgrep -P $parent)) {
        open my $in, '<', "/proc/$pid/smaps_rollup" or next;
        /^Pss: +(\d+)/ and $kb += $1 while <$in>;
    }
    return $kb;
}

# ---- clients

# A client of the API; a new one for each call.
sub http {
    my ($self, %args) = @_;
    return DLTest::HTTP->new(port => $self->{port}, %args);
}

# Asks for files; the job's id. Dies unless it is accepted.
sub submit {
    my ($self, @ids) = @_;
    my $r = $self->http->post_json($self->api('/initiate'),
                                   { file_ids => \@ids });
    return $r->{json}{jobId}
        // die "initiate: $r->{status} $r->{body}\n";
}

# The job as its status says it; dies when there is none.
sub job {
    my ($self, $id) = @_;
    my $r = ($self->{poller} //= $self->http)
        ->get($self->api("/status/$id"));
    die "status of $id: $r->{status} $r->{body}\n" if $r->{status} != 200;
    return $r->{json};
}

# Waits until a job has ended; the job. Answers of 503 are waited out.
sub wait_job {
    my ($self, $id, $seconds) = @_;
    return wait_for(sub {
        my $job = eval { $self->job($id) };
        die $@ if $@ && $@ !~ /: 503 /;
        return $job && $job->{status} =~ /^(?:completed|failed|cancelled)$/
            ? $job : undef;
    }, "job $id ends", $seconds // 60);
}

# A connection to Redis, past the proxies; a new one at once.
sub redis_now {
    my $self = shift;
    return DLTest::Redis->new(socket => $self->{socket});
}

# The same, when Redis is up and has loaded its data.
sub redis {
    my $self = shift;
    return DLTest::Redis->connect_when_up(socket => $self->{socket});
}

# ---- logs

sub read_log {
    my ($self, $part) = @_;
    my $text = '';
    for my $path ($self->log_of($part),
                  $part eq 'httpd' ? $self->log_of('error') : ()) {
        open my $in, '<', $path or next;
        local $/;
        $text .= <$in> // '';
    }
    return $text;
}

sub tail {
    my ($self, $part) = @_;
    my @lines = split /^/, $self->read_log($part);
    splice @lines, 0, -20 if @lines > 20;
    return join '', @lines;
}

sub tell_logs {
    my $self = shift;
    for my $part (sort keys %{ $self->{parts} }) {
        print STDERR map { "# $_" } "--- end of the log of $part\n",
            split /^/, $self->tail($part);
    }
    return;
}

# Lines that tell of a crash or a sanitizer's finding in any log.
sub crashes {
    my $self = shift;
    return map { my $part = $_;
                 map { "$part: $_" } grep { $_ =~ $CRASH }
                 split /\n/, $self->read_log($part) }
        sort keys %{ $self->{parts} };
}

1;
