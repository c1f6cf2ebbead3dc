# SPDX-License-Identifier: Apache-2.0
# The programs that README.md shows to partners for verifying webhooks, run.
#
#   my $verify = DLTest::Verify->new($folder);  # one that has node_modules
#   my %verdicts = $verify->verdicts(\@cases);  # { secret, headers, body }
#   # (js => '110', python => '110', php => '110')
package DLTest::Verify;
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();

my $README = abs_path(dirname(__FILE__) . '/../../../README.md');

# What stands around the function verify(secret, headers, body).
my %PROGRAM = (
    js => { run => 'node', file => 'verify.mjs', before => '', after => <<'EOT' },
import fs from 'node:fs';
const cases = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
console.log(cases.map((c) => verify(c.secret, c.headers, c.body) ? 1 : 0)
  .join(''));
EOT
    python => { run => 'python3', file => 'verify.py', before => '',
                after => <<'EOT' },
import json, sys
print(''.join('1' if verify(c['secret'], c['headers'], c['body'].encode())
              else '0' for c in json.load(open(sys.argv[1]))))
EOT
    php => { run => 'php', file => 'verify.php', before => "<?php\n",
             after => <<'EOT' },
foreach (json_decode(file_get_contents($argv[1]), true) as $c) {
    echo verify($c['secret'], $c['headers'], $c['body']) ? 1 : 0;
}
EOT
);

sub new {
    my ($class, $dir) = @_;
    return bless { dir => $dir }, $class;
}

# The one block of a language in README that has a verify().
sub block {
    my $language = shift;
    open my $in, '<', $README or die "README.md: $!";
    my $text = do { local $/; <$in> };
    my @blocks = grep { /\bverify\(/ }
        $text =~ /^```\Q$language\E\n(.*?)^```$/gms;
    die "README.md: not one verify() in $language\n" if @blocks != 1;
    return $blocks[0];
}

sub put {
    my ($path, $text) = @_;
    open my $out, '>', $path or die "$path: $!";
    print {$out} $text;
    close $out or die "$path: $!";
    return $path;
}

# By language a digit for each case: 1 genuine, 0 not.
sub verdicts {
    my ($self, $cases) = @_;
    my $file = put("$self->{dir}/cases.json",
                   JSON::PP->new->utf8->encode($cases));
    my %verdicts;
    for my $language (keys %PROGRAM) {
        my $how = $PROGRAM{$language};
        my $program = put("$self->{dir}/$how->{file}",
            $how->{before} . block($language) . $how->{after});
        open my $out, '-|', $how->{run}, $program, $file
            or die "$how->{run}: $!";
        $verdicts{$language} = <$out> // '';
        $verdicts{$language} =~ s/\s+//g;
        close $out or die "$how->{run}: status $?\n";
    }
    return %verdicts;
}

1;
