# SPDX-License-Identifier: Apache-2.0
# What the parts of t/fault/history write down: files of JSON lines in one
# folder, an event (see DLTest::History) a line.
#
#   my $log = DLTest::HistoryLog->new("$dir/client-1");
#   $log->note(what => 'ask', ...);
#   my @events = DLTest::HistoryLog::read_all(glob "$dir/*");
package DLTest::HistoryLog;
use strict;
use warnings;

use JSON::PP ();
use DLTest::Wait qw(now_s);

my $json = JSON::PP->new->utf8->canonical;

sub new {
    my ($class, $path) = @_;
    open my $out, '>>', $path or die "$path: $!\n";
    $out->autoflush(1);
    return bless { out => $out }, $class;
}

# An event that happens now, unless it says when.
sub note {
    my ($self, %event) = @_;
    $event{at} //= now_s();
    print { $self->{out} } $json->encode(\%event), "\n";
    return \%event;
}

sub read_all {
    my @events;
    for my $path (@_) {
        open my $in, '<', $path or die "$path: $!\n";
        while (my $line = <$in>) {
            # a writer that was killed may have left half a line
            push @events, $json->decode($line) if $line =~ /\}\n\z/;
        }
    }
    return @events;
}

sub write_all {
    my ($path, @events) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $json->encode($_), "\n" for @events;
    close $out or die "$path: $!\n";
    return;
}

1;
