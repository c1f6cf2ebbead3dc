# SPDX-License-Identifier: Apache-2.0
# The metadata service of an instance and of a container, on loopback: gives
# the keys it is told to, for as long as it is told to.
#
#   my $service = DLTest::Metadata->new(dir => $dir);
#   $service->give(AccessKeyId => 'A', SecretAccessKey => 'B');
#   $service->{life_s} = 8;            # Expiration of what give() gives
#   $service->give_nothing;            # every answer is 500
#   $service->stop; $service->start;   # the same port
#   $service->requests;                # "METHOD /path what-it-proved-with"
#   $service->env('imds');             # pairs for %ENV; 'container'
package DLTest::Metadata;
use strict;
use warnings;

use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();

my $json = JSON::PP->new->utf8->canonical;
my $owner = $$;
my %children;
my $ROLES = '/latest/meta-data/iam/security-credentials/';

sub new {
    my ($class, %args) = @_;
    my $self = bless { life_s => 3_600, token => "t-$$", %args }, $class;

    $self->{log} = "$self->{dir}/metadata.log";
    $self->{state} = "$self->{dir}/metadata.json";
    $self->give_nothing;
    return $self->start;
}

sub write_state {
    my ($self, $state) = @_;
    open my $out, '>', "$self->{state}.new" or die "$self->{state}: $!";
    print {$out} $json->encode($state);
    close $out or die $!;
    rename "$self->{state}.new", $self->{state} or die $!;
    return;
}

sub give {
    my ($self, %keys) = @_;
    return $self->write_state({ life_s => $self->{life_s}, keys => \%keys });
}

sub give_nothing { return shift->write_state({}) }

sub start {
    my $self = shift;
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => $self->{port} // 0, Listen => 64, ReuseAddr => 1)
        or die "metadata: $@";

    $self->{port} = $listen->sockport;
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
        local $SIG{PIPE} = 'IGNORE';
        while (my $client = $listen->accept) {
            eval { $self->serve($client) };
            close $client;
        }
        POSIX::_exit(0);
    }
    $children{ $self->{pid} } = 1;
    return $self;
}

sub stop {
    my $self = shift;
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
    delete $children{ $self->{pid} };
    return;
}

END {
    local $?;
    if ($$ == $owner) {
        kill 'KILL', keys %children;
        waitpid $_, 0 for keys %children;
    }
}

sub serve {
    my ($self, $client) = @_;
    my ($request, %headers) = (scalar <$client>);
    while (defined(my $line = <$client>)) {
        last if $line !~ /^([^:]+):\s*(.*?)\r?\n/;
        $headers{ lc $1 } = $2;
    }
    my ($method, $path) = ($request // '') =~ /^(\S+) (\S+) / or return;
    my ($status, $body) = $self->answer($method, $path, \%headers);
    open my $log, '>>', $self->{log} or die $!;
    syswrite $log, "$method $path $status\n";
    print {$client} "HTTP/1.1 $status x\r\nContent-Length: "
        . length($body) . "\r\nConnection: close\r\n\r\n$body";
    return;
}

sub answer {
    my ($self, $method, $path, $headers) = @_;
    my $state = do {
        open my $in, '<', $self->{state} or die $!;
        local $/;
        $json->decode(scalar <$in>);
    };
    return (500, '') if !$state->{keys};
    if ($path eq '/latest/api/token') {
        return $method eq 'PUT'
            && $headers->{'x-aws-ec2-metadata-token-ttl-seconds'}
            ? (200, $self->{token}) : (405, '');
    }
    my $shown = $path =~ /^\Q$ROLES/ ? $headers->{'x-aws-ec2-metadata-token'}
        : $headers->{authorization};
    return (401, '') if ($shown // '') ne $self->{token};
    return (200, "a-role\n") if $path eq $ROLES;
    return (404, '') if $path ne "${ROLES}a-role" && $path ne '/v2/keys';
    return (200, $json->encode({ Code => 'Success', %{ $state->{keys} },
        Expiration => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ',
                                      gmtime time + $state->{life_s}) }));
}

sub requests {
    my $self = shift;
    open my $in, '<', $self->{log} or return;
    chomp(my @lines = <$in>);
    return @lines;
}

sub env {
    my ($self, $kind) = @_;
    my $url = "http://127.0.0.1:$self->{port}";
    return (AWS_EC2_METADATA_SERVICE_ENDPOINT => $url) if $kind eq 'imds';
    open my $out, '>', "$self->{dir}/token" or die $!;
    print {$out} "$self->{token}\n";
    close $out or die $!;
    chmod 0644, "$self->{dir}/token";
    return (AWS_CONTAINER_CREDENTIALS_FULL_URI => "$url/v2/keys",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE => "$self->{dir}/token");
}

1;
