# SPDX-License-Identifier: Apache-2.0
# Hostile members of POST /initiate beside the ids (callback URLs, keys,
# priorities), and hostile bodies of /check and /start.
use strict;
use warnings;
use lib 't/lib';
use DLTest::Hostile;

my $hostile = DLTest::Hostile->new;

# The body of one file with one further member.
sub member {
    my ($name, $value, $code, $message, $status) = @_;
    my $shown = length $value > 60 ? substr($value, 0, 60) . '...' : $value;
    $hostile->body('/initiate', "$name $shown",
                   "{\"file_id\":70000,\"$name\":$value}", $code, $message,
                   $status);
    return;
}

# callbackUrl: [URL, reason]
my $V4 = 'the host is no valid IPv4 address';
my $NAME = 'the host name has a character that host names have not';
my $HTTPS = 'it does not begin with https://';
my $USER = 'a user name or password is not allowed';
my $BYTE = 'is a space, a control character, a backslash or not ASCII';
my $META = "a cloud provider's metadata address";
for (
    ['https://127.0.0.1/', '127.0.0.1 is a loopback address'],
    ['https://127.1/', '127.0.0.1 is a loopback address'],
    ['https://2130706433/', '127.0.0.1 is a loopback address'],
    ['https://0x7f000001/', '127.0.0.1 is a loopback address'],
    ['https://0177.0.0.1/', '127.0.0.1 is a loopback address'],
    ['https://0x7f.0.0.0x1/', '127.0.0.1 is a loopback address'],
    ['https://127.0.0.1.:8443/', '127.0.0.1 is a loopback address'],
    ['https://0/', '0.0.0.0 is an address of this host'],
    ['https://[::1]/', '::1 is a loopback address'],
    ['https://[::]/', ':: is the unspecified address'],
    ['https://[::ffff:127.0.0.1]/',
     '::ffff:127.0.0.1 is an IPv4-mapped address'],
    ['https://[::ffff:a9fe:a9fe]/',
     '::ffff:169.254.169.254 is an IPv4-mapped address'],
    ['https://[64:ff9b::7f00:1]/', '64:ff9b::7f00:1 is a loopback address'],
    ['https://[2002:7f00:1::]/', '2002:7f00:1:: is a 6to4 address'],
    ['https://169.254.169.254/latest/meta-data/',
     "169.254.169.254 is $META"],
    ['https://2852039166/', "169.254.169.254 is $META"],
    ['https://0xa9.0xfe.0xa9.0xfe/', "169.254.169.254 is $META"],
    ['https://[fd00:ec2::254]/', "fd00:ec2::254 is $META"],
    ['https://100.100.100.200/', "100.100.100.200 is $META"],
    ['https://10.0.0.1/', '10.0.0.1 is a private address'],
    ['https://172.16.0.1/', '172.16.0.1 is a private address'],
    ['https://192.168.0.1/', '192.168.0.1 is a private address'],
    ['https://100.64.0.1/', '100.64.0.1 is a carrier-grade NAT address'],
    ['https://224.0.0.1/', '224.0.0.1 is a multicast address'],
    ['https://255.255.255.255/', '255.255.255.255 is a broadcast address'],
    ['https://[fe80::1]/', 'fe80::1 is a link-local address'],
    ['https://[fc00::1]/', 'fc00::1 is a private address'],
    ['https://localhost/', 'localhost is a name of a local network'],
    ['https://x.localhost/', 'x.localhost is a name of a local network'],
    ['https://metadata.google.internal/',
     'metadata.google.internal is a name of a local network'],
    ['https://redis/', 'redis is not a full host name'],
    ['https://256.256.256.256/', $V4],
    ['https://1.2.3.4.5/', $V4],
    ['https://user:pass@hooks.example.com/', $USER],
    ['https://hooks.example.com@127.0.0.1/', $USER],
    ['https://hooks.example.com%2f@127.0.0.1/', $USER],
    ['http://hooks.example.com/', 'http is not allowed here'],
    ['ftp://hooks.example.com/', $HTTPS],
    ['file:///etc/passwd', $HTTPS],
    ['gopher://hooks.example.com:6379/_FLUSHALL', $HTTPS],
    ['javascript:alert(1)', $HTTPS],
    ['//hooks.example.com/', $HTTPS],
    ['/hook', $HTTPS],
    ['nonsense', $HTTPS],
    ['', 'it is empty'],
    ['https://', 'the host is missing'],
    ['https:///hook', 'the host is missing'],
    ['https://hooks.example.com:22/', 'port 22 is not allowed'],
    ['https://hooks.example.com:6379/', 'port 6379 is not allowed'],
    ['https://hooks.example.com:0/', 'the port is not within 1 to 65535'],
    ['https://hooks.example.com:65979/',
     'the port is not within 1 to 65535'],
    ['https://hooks.example.com:x/', 'the port is not a number'],
    ['https://hooks.example.com:/', 'the port is missing after the colon'],
    ['https://*.example.com/', $NAME],
    ['https://a%2eexample.com/', $NAME],
    ['https://a..example.com/', 'the host name has an empty label'],
    ['https://[::1', 'the bracket of the IPv6 address is not closed'],
    ['https://[::1]x/', 'there is something between host and port'],
    ['https://[fe80::1%25lo]/', 'the text in brackets is no IPv6 address'],
    ['https://hooks.example.com/#x', 'a fragment (#) is not allowed'],
    ['https://hooks.example.com/%', 'two hex digits are needed'],
    ['https://hooks.example.com/<x>', 'a character must be percent-encoded'],
    ['https://hooks.example.com/a b', $BYTE],
    ['https://hooks.example.com\\\\@127.0.0.1/', $BYTE],
    ['https://hooks.example.com/\r\nX: y', $BYTE],
    ['https://hooks.example.com/\u0000', $BYTE],
    ["https://b\xc3\xbccher.example.com/", $BYTE],
    ['https://hooks.example.com/' . 'x' x 2023,
     '2049 characters are above 2048'],
) {
    member('callbackUrl', "\"$_->[0]\"", 'INVALID_CALLBACK_URL',
           qr/^callbackUrl: .*\Q$_->[1]\E/);
}

# the other members, of a wrong type or value
for my $name (qw(callbackUrl idempotency_key priority)) {
    my $code = $name eq 'priority' ? 'INVALID_REQUEST'
             : $name eq 'callbackUrl' ? 'INVALID_CALLBACK_URL'
             : 'INVALID_IDEMPOTENCY_KEY';
    member($name, $_->[0], $code, qr/^$name: \Q$_->[1]\E, not a string$/)
        for ['7', '7 is a number'], ['true', 'true is a boolean'],
            ['[]', '[] is an array'], ['{}', '{} is an object'];
    member($name, 'null', $code, qr/^$name: null is not a string$/);
}
member('idempotency_key', "\"$_->[0]\"", 'INVALID_IDEMPOTENCY_KEY',
       qr/^idempotency_key: \Q$_->[1]\E/)
    for ['', 'it is empty; 1 to 255 characters are needed'],
        ['k' x 256, '256 characters are above 255'],
        ['a\nb', 'the byte at position 1 is not printable ASCII'],
        ['\u0000', 'the byte at position 0 is not printable ASCII'],
        ['\u007f', 'the byte at position 0 is not printable ASCII'],
        ["k\xc3\xa9", 'the byte at position 1 is not printable ASCII'],
        ['x\r\nSET a b', 'the byte at position 1 is not printable ASCII'];
member('priority', "\"$_\"", 'INVALID_REQUEST',
       qr/^priority: "\Q$_\E" is not high, normal or low$/)
    for 'urgent', 'HIGH', 'high ', '', '0';
member('priority', '"high"', 'FORBIDDEN',
       qr/^priority: "high" is not allowed for this caller$/, 403);

# /check and /start read one file_id
for my $path ('/check', '/start') {
    $hostile->body($path, "$path $_->[0]", @$_[1 .. 3]) for (
        ['nothing', '', 'INVALID_JSON',
         qr/^request body, byte 0: the text is empty$/],
        ['cut short', '{"file_id":7', 'INVALID_JSON', qr/byte 12/],
        ['twice', '{"file_id":70000,"file_id":70000}', 'INVALID_JSON',
         qr/byte 17: this member is there twice$/],
        ['too deep', '[' x 9 . ']' x 9, 'INVALID_JSON', qr/deeper than 8/],
        ['bad UTF-8', "{\"file_id\":70000,\"x\":\"\xff\"}", 'INVALID_JSON',
         qr/byte 22: this is not valid UTF-8$/],
        ['an array', '[70000]', 'INVALID_REQUEST', qr/an array, not an obj/],
        ['nothing in it', '{}', 'INVALID_REQUEST',
         qr/^file_id: it is missing$/],
        ['a list', '{"file_ids":[70000]}', 'INVALID_REQUEST',
         qr/^file_id: it is missing$/],
        ['a string', '{"file_id":"70000"}', 'INVALID_FILE_ID',
         qr/^file_id: "70000" is a string, not an integer$/],
        ['null', '{"file_id":null}', 'INVALID_FILE_ID',
         qr/^file_id: null is not an integer$/],
        ['a list of one', '{"file_id":[70000]}', 'INVALID_FILE_ID',
         qr/^file_id: \[70000\] is an array, not an integer$/],
        ['too small', '{"file_id":9999}', 'INVALID_FILE_ID',
         qr/^file_id: 9999 is below 10000$/],
        ['too large', '{"file_id":100000001}', 'INVALID_FILE_ID',
         qr/^file_id: 100000001 is above 100000000$/],
        ['negative', '{"file_id":-1}', 'INVALID_FILE_ID',
         qr/^file_id: -1 is below 10000$/],
        ['a fraction', '{"file_id":70000.5}', 'INVALID_FILE_ID',
         qr/^file_id: 70000\.5 is not an integer$/],
        ['huge', '{"file_id":1e400}', 'INVALID_FILE_ID',
         qr/^file_id: 1e400 is above 100000000$/],
    );
    $hostile->body($path, "$path too large", 'x' x 65_537, 'TOO_LARGE',
                   qr/65536 bytes/, 413);
}

$hostile->finish(125);
