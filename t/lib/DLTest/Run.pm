# SPDX-License-Identifier: Apache-2.0
# Apache::TestRun as this project needs it: runs as root too, listens on
# loopback alone, brings Redis and a worker, counts strictly, and reads the
# error log at the end.
package DLTest::Run;
use strict;
use warnings;

use Apache::TestRun ();
use Apache::TestConfig ();
use DLTest::Bed ();
use DLTest::Port qw(free_port);
use TAP::Harness ();

our @ISA = ('Apache::TestRun');

# The sites of t/conf/sites.conf.in: each has a port of its own, known to
# the tests as <name>_port.
my @SITES = qw(still rate active full auth cors store away hasty
               hostile mixed public figures);

# What must never stand in the error log, whatever the tests say.
my $CRASH = qr/AddressSanitizer|LeakSanitizer|UndefinedBehavior
              |runtime\ error:|exit\ signal|child\ .*\ died
              |:(?:crit|alert|emerg)\]|Assertion/x;

my ($bed, $run);
my $owner = $$;

# Without this Apache::TestRun runs no test at all as root, and exits 0.
sub check_runtime_user { return 1 }

sub need_env {
    my ($name) = @_;
    my $value = $ENV{$name};
    die "$name is not set: run t/run-httpd\n" unless length($value // '');
    return $value;
}

sub pre_configure {
    my $self = shift;
    my $conf = $self->{conf_opts};

    # Apache::Test itself counts upwards from one port: two runs that start
    # together would meet.
    $conf->{port} = free_port();
    $bed = DLTest::Bed->new(build => need_env('DLJOB_BUILDDIR'));
    local $SIG{__DIE__} = 'DEFAULT';
    $conf->{httpd_conf} = $bed->base_conf('t/base.conf',
                                          need_env('DLJOB_MPM'));
    return;
}

sub new_test_config {
    my $self = shift;
    return DLTest::Run::Config->new($self->{conf_opts});
}

sub configure {
    my $self = shift;
    my $config = $self->{test_config};
    my $vars = $config->{vars};

    $vars->{"${_}_port"} = free_port() for @SITES, 'closed';
    my $more = $bed->vars;
    $vars->{$_} = $more->{$_} for keys %$more;
    my $module = $bed->module;
    $config->preamble_register(sub {
        shift->preamble("LoadModule dljob_module \"$module\"\n");
    });
    return $self->SUPER::configure(@_);
}

# httpd first: while Apache::Test starts it, it takes the death of any child
# for httpd's.
sub start {
    my $self = shift;
    $run = $self;
    $self->SUPER::start(@_);
    $bed->start($self->{test_config}{vars});
    return;
}

# Apache::TestHarness counts a file that ends too early as passed when its
# last line was ok; TAP::Harness tells.
sub run_tests {
    my $self = shift;
    my @tests = @{ $self->{tests} };
    @tests = sort glob 't/*.t' unless @tests;

    my $harness = TAP::Harness->new({
        verbosity => $self->{opts}{verbose} ? 1 : 0,
        lib       => ['t/lib'],
        timer     => 1,
        failures  => 1,
    });
    $self->{tap} = $harness->runtests(@tests);
    $self->{ran} = scalar @tests;
    return;
}

sub stop {
    my $self = shift;
    my $stopped = $self->SUPER::stop(@_);
    undef $run;
    $bed->stop;
    $self->report;
    return $stopped;
}

# One line at the end, and an exit status that agrees with it.
sub report {
    my $self = shift;
    my $tap = $self->{tap} or return;
    my $passed = $tap->passed;
    my $failed = $tap->failed;

    # planned but never run, and files that broke or ended badly
    my $missing = $tap->planned - $tap->total;
    $failed += $missing if $missing > 0;
    my %bad = map { $_ => 1 } $tap->exit, $tap->wait, $tap->parse_errors;
    delete @bad{$tap->failed};
    for (sort keys %bad) {
        print "# broken: $_\n";
        $failed++;
    }
    for my $skipped ($tap->skipped) {
        print "# skipped, which counts as failed: $skipped\n";
        $failed++;
    }
    for my $line ($self->crashes) {
        print "# error log: $line\n";
        $failed++;
    }
    $failed++, print "# no test was run\n" unless $passed + $failed;
    print "# $passed passed, $failed failed\n";
    $self->{status} = $failed ? 1 : 0;
    return;
}

# The exit status of a run that came to its end.
sub status { return shift->{status} // 1 }

sub crashes {
    my $self = shift;
    my $log = "$self->{test_config}{vars}{t_logs}/error_log";

    open my $in, '<', $log or return "cannot read $log: $!";
    my @lines = grep { $_ =~ $CRASH } <$in>;
    close $in;
    chomp @lines;
    splice @lines, 20 if @lines > 20;
    return @lines;
}

# SIGTERM and SIGHUP become an exit, so that END runs and nothing stays.
$SIG{TERM} = $SIG{HUP} = sub { CORE::exit(1) };

END {
    if ($$ == $owner && $bed) {
        my $status = $?;
        $run->{server}->stop if $run;
        $bed->stop;
        $? = $status;
    }
}

package DLTest::Run::Config;

our @ISA = ('Apache::TestConfig');

# <VirtualHost> stays as sites.conf.in says it: Apache::Test would add a
# Listen on every address.
sub parse_vhost { return }

1;
