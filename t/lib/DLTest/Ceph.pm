# SPDX-License-Identifier: Apache-2.0
# An S3 service for tests: Ceph's radosgw, in a folder of its own.
#
#   my $ceph = DLTest::Ceph->new($build, "rgw sts key = …\n");
#                           # further lines for radosgw, if any
#   $ceph->drive('put', 'a/key', $path, 'text/plain');   # t/tools/store_drive
#   $ceph->directive;       # DLJobStore s3://downloads endpoint=…
#   $ceph->credentials;     # text for DLJobCredentials
package DLTest::Ceph;
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use DLTest::Port qw(free_ports);

my $TOP = abs_path(dirname(__FILE__) . '/../../..');
my $owner = $$;
my @running;

sub new {
    my ($class, $build, $rgw_conf) = @_;
    my $self = bless { build => $build }, $class;
    local $ENV{RGW_CONF} = $rgw_conf // '';

    $self->{dir} = File::Temp->newdir('dlceph-XXXXXXXX', TMPDIR => 1);
    push @running, $self;
    for my $try (1 .. 3) {
        my @ports = free_ports(3);
        last if system("$TOP/t/tools/ceph-aio", 'start', "$self->{dir}/$try",
                       @ports) == 0 && ($self->{at} = "$self->{dir}/$try");
        system "$TOP/t/tools/ceph-aio", 'stop', "$self->{dir}/$try";
    }
    die "Ceph does not start\n" if !$self->{at};
    open my $in, '<', "$self->{at}/ceph.env" or die "ceph.env: $!";
    while (<$in>) { $self->{env}{$1} = $2 if /^(\w+)=(.*)$/ }
    $self->drive('bucket') =~ /failed/ and die "no bucket\n";
    return $self;
}

# What store_drive prints; env => {...} as a last argument changes who and
# where it is.
sub drive {
    my ($self, @args) = @_;
    my %env = ref $args[-1] ? %{ pop @args } : ();
    local %ENV = (%ENV, BUCKET => 'downloads', %{ $self->{env} }, %env);

    open my $out, '-|', "$self->{build}/t/tools/store_drive", @args
        or die "store_drive: $!";
    local $/;
    my $text = <$out> // '';
    close $out;
    $text =~ s{\n\z}{};     # no chomp: $/ is undef here
    return $text;
}

sub endpoint { return shift->{env}{ENDPOINT} }

sub directive {
    my ($self, $options) = @_;
    return join ' ', "DLJobStore s3://downloads endpoint=$self->{env}{ENDPOINT}",
        "region=$self->{env}{REGION}", $options // 'style=path';
}

sub credentials {
    my $self = shift;
    return "access_key = $self->{env}{ACCESS_KEY}\n"
        . "secret_key = $self->{env}{SECRET_KEY}\n";
}

# Keys of all objects, or of all uploads in parts that are not ended.
sub keys_of {
    my ($self, $what) = @_;
    return sort $self->drive('list', $what) =~ m{<Key>(.*?)</Key>}g;
}

sub stop {
    my $self = shift;
    return if !$self->{at};
    system "$TOP/t/tools/ceph-aio", 'stop', delete $self->{at};
    return;
}

END {
    if ($$ == $owner) {
        local $?;
        $_->stop for @running;
    }
}

1;
