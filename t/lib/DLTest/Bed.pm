# SPDX-License-Identifier: Apache-2.0
# What the httpd under test stands on: a directory of its own under the
# system's temporary one (paths of unix sockets are short there), a
# redis-server, a worker, credentials.
#
# As root httpd's children run as another user. The worker then runs as that
# user too, and the directories are theirs.
package DLTest::Bed;
use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp ();
use DLTest::Process ();
use DLTest::Wait qw(wait_for);

my $LINK_KEY = '0123456789abcdef0123456789abcdef';

sub new {
    my ($class, %args) = @_;
    my $dir = File::Temp->newdir('dljob-XXXXXXXX', TMPDIR => 1);
    my $self = bless { %args, tmp => $dir, dir => "$dir" }, $class;

    chmod 0755, "$dir" or die "chmod $dir: $!";
    $self->{user} = $> == 0 ? 'nobody' : scalar getpwuid $>;
    mkdir "$dir/$_" or die "mkdir $dir/$_: $!"
        for qw(objects spool htdocs redis state);
    my ($uid, $gid) = (getpwnam $self->{user})[2, 3];
    chown $uid, $gid, map { "$dir/$_" } qw(objects spool);
    chmod 0755, "$dir/objects";
    $self->write('htdocs/index.html', "up\n");
    $self->write('htdocs/plain.txt', "plain\n");
    # the worker may run as a user who cannot read the source tree
    copy("$ENV{DLJOB_SRCDIR}/t/tools/make-file", "$dir/make-file")
        or die "make-file: $!";
    chmod 0755, "$dir/make-file";
    $self->credentials;
    return $self;
}

sub write {
    my ($self, $name, $text, $mode) = @_;
    my $path = "$self->{dir}/$name";
    open my $out, '>', $path or die "$path: $!";
    print {$out} $text;
    close $out or die "$path: $!";
    chmod $mode // 0644, $path or die "chmod $path: $!";
    return $path;
}

# A secret, so readable by its owner alone: httpd reads it as the user that
# starts it, the worker as the user it runs as.
sub credentials {
    my $self = shift;
    my $text = "link_key = $LINK_KEY\naccess_key = AKIDEXAMPLE\n"
             . "secret_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n";
    $self->write('credentials', $text, 0600);
    my $copy = $self->write('credentials.worker', $text, 0600);
    chown +(getpwnam $self->{user})[2, 3], $copy;
    # name:password of the site with Basic authentication
    $self->write('passwords', "ann:" . crypt('secret', 'ab') . "\n"
                            . "bob:" . crypt('secret', 'cd') . "\n");
    return;
}

sub link_key { return $LINK_KEY }

# What t/conf/*.in may use, and the tests by Apache::Test::vars().
sub vars {
    my $self = shift;
    my $dir = $self->{dir};
    return {
        dl_dir     => $dir,
        dl_user    => $self->{user},
        dl_htdocs  => "$dir/htdocs",
        dl_redis   => "$dir/redis.sock",
        dl_away    => "$dir/away.sock",
        dl_objects => "$dir/objects",
        dl_spool   => "$dir/spool",
        dl_worker  => "$self->{build}/dlworker/dlworker",
        dl_link_key => $LINK_KEY,
    };
}

sub module {
    my $self = shift;
    my $so = "$self->{build}/.libs/mod_dljob.so";
    -e $so or die "$so is not there: build first\n";
    return $so;
}

# base.conf with MPM and module directory filled in.
sub base_conf {
    my ($self, $file, $mpm) = @_;
    my $libexec = $ENV{DLJOB_LIBEXECDIR}
        or die "DLJOB_LIBEXECDIR is not set: run t/run-httpd\n";

    open my $in, '<', $file or die "$file: $!";
    my $text = do { local $/; <$in> };
    close $in;
    $text =~ s/\@MPM\@/$mpm/g;
    $text =~ s/\@LIBEXECDIR\@/$libexec/g;
    return $self->write('base.conf', $text);
}

sub start {
    my ($self, $vars) = @_;
    my $logs = $vars->{t_logs};

    $self->{redis} = DLTest::Process->new(
        name => 'redis', log => "$logs/redis.log",
        command => ['redis-server', '--port', 0,
                    '--unixsocket', $vars->{dl_redis},
                    '--unixsocketperm', '777', '--save', '',
                    '--appendonly', 'no', '--dir', "$self->{dir}/redis"]);
    wait_for(sub { -S $vars->{dl_redis} }, 'redis-server listens');
    $self->{worker} = DLTest::Process->new(
        name => 'worker', log => "$logs/worker.log", user => $self->{user},
        command => [$vars->{dl_worker}, '-f', "$vars->{t_conf}/worker.dljob",
                    '-n', 'bed']);
    return;
}

# Ends what was started here, by pid; waits until it is gone.
sub stop {
    my $self = shift;
    for my $name (qw(worker redis)) {
        my $process = delete $self->{$name};
        $process->stop if $process;
    }
    return;
}

1;
