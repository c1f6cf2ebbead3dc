# SPDX-License-Identifier: Apache-2.0
# Ports of 127.0.0.1 for what a test starts, below those that the system
# takes by itself. Each lane of ./run-tests has a range of its own, so that
# what one stage has stopped for a moment, or wants to find closed, is not
# taken by the stage beside it.
#
#   my $port = free_port();
#   my ($s3, $mon, $osd) = free_ports(3);       # neighbours
package DLTest::Port;
use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::INET ();

our @EXPORT_OK = qw(free_port free_ports);

my ($LOWEST, $HOW_MANY) = (10_240, 20_000);

my %taken;      # by this very perl: one it has yet to listen on is free

sub free_ports {
    my ($n) = @_;
    my ($lane, $lanes) = split m{/}, $ENV{DLJOB_TEST_LANE} // '1/1';
    my $size = int($HOW_MANY / $lanes);
    my $first = $LOWEST + ($lane - 1) * $size;

    for (1 .. 1000) {
        my $port = $first + int rand($size - $n + 1);
        my @ports = map { $port + $_ } 0 .. $n - 1;
        next if grep { $taken{$_} } @ports;
        my @held = grep { defined } map { IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $_, Listen => 1) } @ports;
        next if @held != $n;
        $taken{$_} = 1 for @ports;
        return @ports;
    }
    die "no free port on 127.0.0.1\n";
}

sub free_port { return (free_ports(1))[0] }

1;
