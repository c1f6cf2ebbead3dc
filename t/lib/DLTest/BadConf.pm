# SPDX-License-Identifier: Apache-2.0
# Wrong configurations, each with the line it must be refused at and what the
# refusal must say. Each text follows lines 1 to 5 of a configuration that
# holds (t/stage/12-config), so its own first line is line 6.
#
#   [line, message, text]
#   [..., only => 'httpd' or 'worker']: the other one does not look at this
#
# @DIR@ is a folder with files of every kind, see there. The message is what
# both say after the place.
package DLTest::BadConf;
use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(bad_confs);

my @CONFS = (
    # numbers and units
    [6, 'DLJobAttempts: "0" is below the minimum of 1; write 1 to 20',
     'DLJobAttempts 0'],
    [6, 'DLJobAttempts: "21" is above the maximum of 20', 'DLJobAttempts 21'],
    [6, 'DLJobAttempts: "-1" is not a whole number', 'DLJobAttempts -1'],
    [6, 'DLJobAttempts: "3.0" is not a whole number', 'DLJobAttempts 3.0'],
    [6, 'DLJobAttempts: 2 arguments are too many', 'DLJobAttempts 3 4'],
    [6, 'DLJobAttempts: 0 arguments are too few; write: DLJobAttempts NUMBER',
     'DLJobAttempts'],
    [8, 'DLJobAttempts: "x" is not a whole number',
     "# a comment\n\nDLJobAttempts x"],
    [6, 'DLJobMaxFiles: "1001" is above the maximum of 1000',
     'DLJobMaxFiles 1001'],
    [6, 'DLJobMaxActive: "many" is not a whole number; write 1 to 1000000, '
      . 'or off', 'DLJobMaxActive many'],
    [6, 'DLJobLease: "2s" is below the minimum of 3s; write 3s to 1h',
     'DLJobLease 2s'],
    [6, 'DLJobTimeout: "5 minutes" is not a duration', 'DLJobTimeout "5 minutes"'],
    [6, 'DLJobTimeout: "2d" is above the maximum of 1d', 'DLJobTimeout 2d'],
    [6, 'DLJobBackoff: "5x" is not a duration; write a whole number with ms, '
      . 's, m, h or d', 'DLJobBackoff 5x'],
    [6, 'DLJobURLExpiry: "8d" is above the maximum of 7d', 'DLJobURLExpiry 8d'],
    [6, 'DLJobURLExpiry: "10500ms" is not a whole number of seconds',
     'DLJobURLExpiry 10500ms'],
    [6, 'DLJobMaxObject: "5X" is not a size', 'DLJobMaxObject 5X'],
    [6, 'DLJobFileIds: "9-5" begins above its end', 'DLJobFileIds 9-5'],
    [6, 'DLJobFileIds: "10000" is not a range; write LOW-HIGH',
     'DLJobFileIds 10000'],
    [6, 'DLJobRateLimit: "100" is not a rate; write COUNT/DURATION',
     'DLJobRateLimit 100'],
    [6, 'DLJobRate: "10/m" does not say how many a second', 'DLJobRate 10/m'],
    [6, 'DLJobConcurrency: "0" is below the minimum of 1',
     'DLJobConcurrency 0'],

    # words and quotes
    [6, 'DLJobKeyPrefix: the quote of argument 1 does not end',
     'DLJobKeyPrefix "a'],
    [6, 'DLJobKeyPrefix: the quote of argument 1 ends in the middle',
     'DLJobKeyPrefix "a"b'],
    [6, 'DLJobKeyPrefix: "a*" holds a character other than',
     'DLJobKeyPrefix a*'],
    [6, 'DLJobTimeout: the variable ${DL_NOWHERE} is not set; set it',
     'DLJobTimeout ${DL_NOWHERE}'],
    [7, 'DLJobAttempts: "x" is not a whole number', "DLJobAttempts \\\n  x"],

    # places
    [6, 'DLJobRedis: ', 'DLJobRedis http://127.0.0.1'],
    [6, 'DLJobRedis: ', 'DLJobRedis redis://127.0.0.1:99999'],
    [6, 'DLJobRedis: ', 'DLJobRedis rediss://127.0.0.1'],
    [6, 'DLJobRedis: only password=SECRET may follow',
     'DLJobRedis unix:/r.sock user=x'],
    [6, 'DLJobRedis: cannot read @DIR@/none: No such file or directory; '
      . 'create it', 'DLJobRedis unix:/r.sock password=@DIR@/none'],
    [6, 'DLJobStore: "/objects" is not known here; write file:/DIRECTORY or '
      . 's3://BUCKET', 'DLJobStore /objects'],
    [6, 'DLJobStore: "objects" is not an absolute path',
     'DLJobStore file:objects'],
    [6, 'DLJobStore: "a" is not a bucket\'s name', 'DLJobStore s3://a'],
    [6, 'DLJobStore: "http://h/path" goes on after host and port',
     'DLJobStore s3://bucket endpoint=http://h/path'],
    [6, 'DLJobStore: "both" is not known here; write style=path or '
      . 'style=virtual', 'DLJobStore s3://bucket style=both'],
    [6, 'DLJobKeyFormat: %{file_id} is missing', 'DLJobKeyFormat files/x'],
    [6, 'DLJobKeyFormat: "../%{file_id}" has an empty, "." or ".." part',
     'DLJobKeyFormat ../%{file_id}'],
    [6, 'DLJobPublicURL: "www.example.com" is not an absolute URL',
     'DLJobPublicURL www.example.com'],
    [6, 'DLJobPublicURL: the URL holds a user or password; leave them out',
     'DLJobPublicURL https://u:@CANARY@@h/'],
    [6, 'DLJobSpool: "spool" is not an absolute path', 'DLJobSpool spool'],
    [6, 'DLJobWorkerLog: "loud" is not known here; write error, warn, info '
      . 'or debug', 'DLJobWorkerLog stderr loud'],

    # sources
    [6, 'DLJobSource: "ftp" is not known here; write exec, http, store or '
      . 'simulate', 'DLJobSource ftp x'],
    [6, 'DLJobSource: exec needs a program', 'DLJobSource exec'],
    [6, 'DLJobSource: "make" is not an absolute path', 'DLJobSource exec make'],
    [6, 'DLJobSource: simulate needs two durations',
     'DLJobSource simulate 10s'],
    [6, 'DLJobSource: "9s" is above "5s"; write the shorter time first',
     'DLJobSource simulate 9s 5s'],
    [6, 'DLJobSource: %{file_id} is missing', 'DLJobSource http http://h/'],
    [6, 'DLJobSource: cannot run @DIR@/none: No such file or directory; '
      . 'correct the path', 'DLJobSource exec @DIR@/none', only => 'worker'],
    [6, 'DLJobSource: cannot run @DIR@/plain: not an executable file',
     'DLJobSource exec @DIR@/plain', only => 'worker'],
    [7, 'DLJobSpool: cannot use @DIR@/none',
     "DLJobSource simulate 1s 1s\nDLJobSpool \@DIR@/none", only => 'worker'],
    [6, 'DLJobStore: cannot use @DIR@/none', 'DLJobStore file:@DIR@/none',
     only => 'worker'],
    [6, 'DLJobStore max=1G is below DLJobMaxObject 5G',
     'DLJobStore file:@DIR@ max=1G', only => 'worker'],

    # secrets
    [6, 'DLJobCredentials: @DIR@/open is readable by everybody (mode 0644); '
      . 'run: chmod g-w,o-rwx', 'DLJobCredentials @DIR@/open'],
    [6, 'DLJobCredentials: @DIR@/group is writable by its group (mode 0660); '
      . 'run: chmod', 'DLJobCredentials @DIR@/group'],
    [6, 'DLJobCredentials: @DIR@ is not a regular file',
     'DLJobCredentials @DIR@'],
    [6, 'DLJobCredentials: @DIR@/fifo is not a regular file',
     'DLJobCredentials @DIR@/fifo'],
    [6, 'DLJobCredentials: @DIR@/empty is empty; put the secret there',
     'DLJobCredentials @DIR@/empty'],
    [6, 'DLJobCredentials: line 2 of @DIR@/garbled has no "="',
     'DLJobCredentials @DIR@/garbled'],
    [6, 'DLJobCredentials: link_key in @DIR@/short has fewer than 16 bytes; '
      . 'make one with: openssl', 'DLJobCredentials @DIR@/short'],
    [6, 'DLJobCredentials: a secret is not written here but named',
     'DLJobCredentials @CANARY@'],
    [6, 'DLJobCredentials: env:DL_NOWHERE is not set in the environment',
     'DLJobCredentials env:DL_NOWHERE'],
    [6, 'DLJobCredentials: @DIR@/failing ended with status 3; run it by hand',
     'DLJobCredentials "exec:@DIR@/failing @CANARY@"'],
    [6, 'DLJobCredentials: @DIR@/loose is writable by everybody (mode 0777); '
      . 'run: chmod go-w', 'DLJobCredentials exec:@DIR@/loose'],
    [2, 'DLJobStore file: needs a link_key to sign links with; add '
      . 'DLJobCredentials', 'DLJobCredentials @DIR@/s3'],
    [6, 'DLJobStore s3: needs keys; add DLJobCredentials',
     'DLJobStore s3://bucket'],
    [6, 'DLJobWebhookSecret: line 2 of @DIR@/garbled is not "whsec_" and the '
      . 'base64', 'DLJobWebhookSecret @DIR@/garbled'],
    [6, 'DLJobWebhookAllow: "10.0.0.0/33" is not a network',
     'DLJobWebhookAllow 10.0.0.0/33'],
    [6, 'DLJobPriority: "*" stands for all or none; write it alone',
     'DLJobPriority * ann'],

    # locations
    [6, 'DLJobStream: "yes" is neither on nor off', 'DLJobStream yes'],
    [6, 'DLJobMaxStreams: "lots" is not known here; write auto or a number',
     'DLJobMaxStreams lots'],
    [6, 'DLJobHeartbeat 30s is not shorter than DLJobStreamTimeout 20s',
     "DLJobHeartbeat 30s\nDLJobStreamTimeout 20s"],
    [6, 'DLJobCORSOrigin: ', 'DLJobCORSOrigin * credentials'],
    [6, 'DLJobCORSOrigin: ', 'DLJobCORSOrigin https://a.example/path'],
    [6, 'DLJobSunset: "soon" is not a date; write YYYY-MM-DD',
     'DLJobSunset soon'],
    [6, 'DLJobUser: the expression is empty', 'DLJobUser ""'],
    [6, 'DLJobUser: cannot be parsed', 'DLJobUser "%{REMOTE_USER"',
     only => 'httpd'],
    [7, 'DLJobLease: is about the whole server, not about one location; '
      . 'write it outside of sections',
     "<Location /x>\nDLJobLease 30s\n</Location>", only => 'httpd'],
    [7, 'DLJobHeartbeat 30s is not shorter than DLJobStreamTimeout 20s',
     "<Location /x>\nDLJobHeartbeat 30s\nDLJobStreamTimeout 20s\n</Location>",
     only => 'httpd'],
    [6, '"<Location": sections belong into httpd\'s own files',
     "<Location /x>\n</Location>", only => 'worker'],

    # names
    [6, '"DLJobLeese" is not a directive of dljob; did you mean DLJobLease?',
     'DLJobLeese 30s', only => 'worker'],
    [6, "Invalid command 'DLJobLeese'", 'DLJobLeese 30s', only => 'httpd'],
    [6, '"Timeout" is not a directive of dljob; those of httpd belong into',
     'Timeout 60', only => 'worker'],
    [6, '"Include" is not possible here; write its directives into this file',
     'Include other.conf', only => 'worker'],
);

# The table as hashes: line, message, text, only.
sub bad_confs {
    my %fill = @_;
    my @confs;
    for my $row (@CONFS) {
        my ($line, $message, $text, %more) = @$row;
        for ($message, $text) {
            s/\@DIR\@/$fill{dir}/g;
            s/\@CANARY\@/$fill{canary}/g;
        }
        push @confs, { line => $line, message => $message, text => "$text\n",
                       only => '', %more };
    }
    return @confs;
}

1;
