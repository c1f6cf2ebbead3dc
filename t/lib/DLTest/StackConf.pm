# SPDX-License-Identifier: Apache-2.0
# The configuration of a DLTest::Stack: what its httpd and its workers read,
# and how its programs are found. Methods of DLTest::Stack.
package DLTest::StackConf;
use strict;
use warnings;

sub settings {
    my ($self, $who) = @_;
    my $dir = $self->{dir};
    return <<"EOT";
DLJobRedis "unix:$self->{redis_at}{$who}"
DLJobKeyPrefix "$self->{prefix}"
DLJobStore "file:$dir/objects"
DLJobCredentials "$dir/credentials.$who"
DLJobRateLimit off
DLJobMaxActive off
DLJobSource simulate 20ms 40ms
DLJobRate off
DLJobSpool "$dir/spool"
$self->{conf}
EOT
}

sub configure {
    my $self = shift;
    my $dir = $self->{dir};

    $self->write_file("credentials.$_",
        "link_key = 0123456789abcdef0123456789abcdef\n", 0600)
        for qw(httpd worker);
    $self->write_file('worker.dljob',
        $self->settings('worker') . $self->{worker_conf});
    $self->own("$dir/credentials.worker", "$dir/worker.dljob");
    $self->write_file('httpd.conf', $self->httpd_conf);
    return;
}

# A certificate of its own and a virtual host that speaks TLS.
sub tls_conf {
    my $self = shift;
    my $dir = $self->{dir};
    return '' if !$self->{tls_port};
    system(qw(openssl req -x509 -newkey ec -pkeyopt
              ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1
              -keyout), "$dir/key.pem", '-out', "$dir/cert.pem",
           '-batch') == 0
        or die "openssl req: $?\n";
    return <<"EOT";
Listen 127.0.0.1:$self->{tls_port}
SSLSessionCache none
<VirtualHost 127.0.0.1:$self->{tls_port}>
    SSLEngine on
    SSLCertificateFile "$dir/cert.pem"
    SSLCertificateKeyFile "$dir/key.pem"
</VirtualHost>
EOT
}

sub apxs {
    my ($what) = @_;
    chomp(my $answer = qx((apxs -q $what || apxs2 -q $what) 2>/dev/null));
    return $answer;
}

sub httpd_conf {
    my $self = shift;
    my ($dir, $port) = @$self{qw(dir port)};
    my $libexec = $ENV{DLJOB_LIBEXECDIR} // apxs('LIBEXECDIR');
    my $load = join '', map { "LoadModule ${_}_module $libexec/mod_$_.so\n" }
        grep { -e "$libexec/mod_$_.so" }
        "mpm_$self->{mpm}", qw(unixd authn_core authz_core authz_host alias
                               dir env headers mime setenvif status),
        $self->{tls_port} ? qw(socache_shmcb ssl) : (),
        $self->{http2} ? 'http2' : ();
    my $user = $> == 0 ? "User $self->{user}\nGroup #"
        . (getpwnam $self->{user})[3] . "\n" : '';
    # stock: what Debian's mpm_event.conf says
    my $threads = $self->{mpm} eq 'prefork' ? '' : $self->{stock} ? <<'STOCK'
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
MaxConnectionsPerChild 0
STOCK
        : <<'EOT';
ServerLimit 4
ThreadLimit 25
ThreadsPerChild 25
MaxRequestWorkers 100
EOT
    return <<"EOT" . $self->settings('httpd') . <<"EOT2";
ServerRoot "$dir"
ServerName 127.0.0.1:$port
Listen 127.0.0.1:$port
DefaultRuntimeDir "$dir/run"
PidFile "$dir/run/httpd.pid"
ErrorLog "$dir/logs/error.log"
LogLevel info
$load
LoadModule dljob_module "$self->{build}/.libs/mod_dljob.so"
$user$threads
StartServers 2
MaxKeepAliveRequests 0
KeepAliveTimeout 15
DocumentRoot "$dir/htdocs"
TypesConfig /dev/null
@{[ $self->{http2} ? 'Protocols h2 h2c http/1.1' : '' ]}
$self->{httpd_conf}
EOT
DLJobUser "%{req:X-User}"
<Location "$self->{base}">
    SetHandler dljob
    $self->{location}
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
<Location "/health">
    SetHandler dljob-health
</Location>
<Location "/metrics">
    SetHandler dljob-metrics
</Location>
@{[ $self->tls_conf ]}
EOT2
}

# ---- programs

sub httpd {
    return $ENV{HTTPD} if $ENV{HTTPD};
    my ($httpd) = grep { -x } map { ("$_/apache2", "$_/httpd") }
        split(/:/, $ENV{PATH}), apxs('SBINDIR');
    return $httpd // die "no httpd found\n";
}

# The libraries of the sanitizers, when the tree is built with them: to be
# preloaded before any other, and into a program that is not built with them.
sub sanitizers {
    my $self = shift;
    open my $in, '<', "$self->{build}/config.options" or return;
    return if !grep { /--enable-asan/ } <$in>;
    return map { chomp(my $path = qx(gcc -print-file-name=$_)); $path }
        qw(libasan.so libubsan.so);
}

# httpd is not built with the sanitizers, the module may be.
sub env {
    my ($self, $part) = @_;
    return {} if $part !~ /^(?:httpd|w\d+)$/;
    my @libraries = $self->sanitizers or return {};
    my %env = (ASAN_OPTIONS => 'exitcode=99:detect_leaks='
                               . ($part eq 'httpd' ? 0 : 1),
               UBSAN_OPTIONS => 'print_stacktrace=1');
    $env{LD_PRELOAD} = join ' ', @libraries if $part eq 'httpd';
    return \%env;
}

1;
