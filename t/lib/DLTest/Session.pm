# SPDX-License-Identifier: Apache-2.0
# Keys for an hour, with a session token, from the STS of a DLTest::Ceph: what
# a role gives a worker.
#
#   my $ceph = DLTest::Ceph->new($build, DLTest::Session::RGW_CONF);
#   DLTest::Session::of($ceph);   # { ACCESS_KEY, SECRET_KEY, SESSION_TOKEN }
package DLTest::Session;
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256_hex);
use POSIX qw(strftime);
use DLTest::HTTP ();

use constant RGW_CONF => <<'EOT';
rgw s3 auth use sts = true
rgw sts key = 0123456789abcdef
EOT

my $TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    . '"Principal":{"AWS":["arn:aws:iam:::user/lab"]},'
    . '"Action":["sts:AssumeRole"]}]}';
my $RIGHTS = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    . '"Action":["s3:*"],"Resource":"arn:aws:s3:::*"}]}';

sub admin {
    my ($ceph, @args) = @_;
    local $ENV{CEPH_CONF} = "$ceph->{at}/ceph.conf";
    open my $out, '-|', 'timeout', 120, 'radosgw-admin', @args
        or die "radosgw-admin: $!\n";
    my @lines = <$out>;
    close $out or die "radosgw-admin @args: $?\n@lines";
    return;
}

# Asks for the role, signed as AWS' documents say: nothing of ours in it.
sub ask {
    my ($ceph) = @_;
    my ($port) = $ceph->endpoint =~ /:(\d+)$/;
    my $body = 'Action=AssumeRole&Version=2011-06-15'
        . '&RoleArn=arn%3Aaws%3Aiam%3A%3A%3Arole%2Fworker'
        . '&RoleSessionName=session1';
    my $now = strftime '%Y%m%dT%H%M%SZ', gmtime;
    my ($day) = split /T/, $now;
    my $scope = "$day/$ceph->{env}{REGION}/sts/aws4_request";
    my $canonical = join "\n", 'POST', '/', '', "host:127.0.0.1:$port",
        "x-amz-date:$now", '', 'host;x-amz-date', sha256_hex($body);
    my $key = "AWS4$ceph->{env}{SECRET_KEY}";
    $key = hmac_sha256($_, $key) for split m{/}, $scope;
    my $signature = hmac_sha256_hex(join("\n", 'AWS4-HMAC-SHA256', $now,
        $scope, sha256_hex($canonical)), $key);
    my $length = length $body;
    return DLTest::HTTP->new(port => $port)->raw(<<"EOT" =~ s/\n/\r\n/gr
POST / HTTP/1.1
Host: 127.0.0.1:$port
Connection: close
Content-Type: application/x-www-form-urlencoded
Content-Length: $length
X-Amz-Date: $now
Authorization: AWS4-HMAC-SHA256 Credential=$ceph->{env}{ACCESS_KEY}/$scope, SignedHeaders=host;x-amz-date, Signature=$signature

EOT
        . $body)->{body};
}

sub of {
    my ($ceph) = @_;
    admin($ceph, qw(role create --role-name=worker),
          "--assume-role-policy-doc=$TRUST");
    admin($ceph, qw(role-policy put --role-name=worker --policy-name=all),
          "--policy-doc=$RIGHTS");
    my $xml = ask($ceph);
    my %of = map { my ($name, $tag) = @$_;
                   ($name => $xml =~ m{<$tag>(.*?)</$tag>}) }
        [ACCESS_KEY => 'AccessKeyId'], [SECRET_KEY => 'SecretAccessKey'],
        [SESSION_TOKEN => 'SessionToken'];
    die "no session: $xml\n" if grep { !$_ } values %of;
    return \%of;
}

1;
