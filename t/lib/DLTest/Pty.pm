# SPDX-License-Identifier: Apache-2.0
# A program on a terminal of its own.
#
#   my $pty = DLTest::Pty->new(command => ['dljobctl', 'top'],
#                              columns => 100, lines => 30);
#   $pty->until(qr/WORKER/);  $pty->type('q');  $pty->wait_end  # its $?
#   $pty->screen              # all it has written
#   $pty->cooked              # lines are edited and shown again
package DLTest::Pty;
use strict;
use warnings;

use IO::Handle ();
use POSIX ();
use DLTest::Process ();
use DLTest::Wait qw(wait_for);

# Linux' numbers
my %IOCTL = (UNLOCK => 0x40045431, NUMBER => 0x80045430, SIZE => 0x5414,
             CONTROL => 0x540E);

sub new {
    my ($class, %args) = @_;
    my $self = bless { columns => 80, lines => 24, screen => '', seen => 0,
                       %args },
        $class;
    my ($number, $off) = (pack('i', 0)) x 2;
    my $size = pack 'S4', $self->{lines}, $self->{columns}, 0, 0;

    open $self->{master}, '+<:raw', '/dev/ptmx' or die "/dev/ptmx: $!";
    ioctl $self->{master}, $IOCTL{UNLOCK}, $off or die "unlock: $!";
    ioctl $self->{master}, $IOCTL{NUMBER}, $number or die "number: $!";
    my $path = '/dev/pts/' . unpack 'i', $number;
    # kept open, so that its settings outlive the program
    open $self->{slave}, '+<:raw', $path or die "$path: $!";
    ioctl $self->{slave}, $IOCTL{SIZE}, $size or die "size: $!";
    $self->{master}->blocking(0);
    $self->{process} = DLTest::Process->new(name => 'program on a terminal',
        log => '/dev/null', before_exec => sub { $self->take_terminal($path) },
        %args);
    return $self;
}

# In the child: the terminal becomes its own.
sub take_terminal {
    my ($self, $path) = @_;
    POSIX::setsid();
    open my $tty, '+<:raw', $path or POSIX::_exit(124);
    ioctl $tty, $IOCTL{CONTROL}, 0 or POSIX::_exit(124);
    POSIX::dup2(fileno $tty, $_) for 0 .. 2;
    return;
}

sub read_more {
    my $self = shift;
    while (sysread $self->{master}, my $bytes, 65536) {
        $self->{screen} .= $bytes;
    }
    return $self->{screen};
}

sub screen { return shift->read_more }

# Waits until it has written something since the last such call.
sub until {
    my ($self, $pattern, $seconds) = @_;
    my $got = wait_for(sub {
        $self->read_more;
        substr($self->{screen}, $self->{seen}) =~ $pattern or return;
        $self->{seen} += $+[0];
        return $&;
    }, "the terminal shows $pattern", $seconds);
    return $got;
}

sub type {
    my ($self, $keys) = @_;
    syswrite $self->{master}, $keys;
    return;
}

sub signal { my ($self, $name) = @_; return $self->{process}->signal($name) }

# Its $?; what it writes meanwhile is read, so that it cannot block.
sub wait_end {
    my ($self, $seconds) = @_;
    wait_for(sub { $self->read_more; !$self->{process}->alive },
        'the program on the terminal ends', $seconds);
    $self->read_more;
    return $self->{process}->status;
}

sub cooked {
    my $self = shift;
    my $termios = POSIX::Termios->new;
    $termios->getattr(fileno $self->{slave}) or die "termios: $!";
    my $want = POSIX::ICANON() | POSIX::ECHO();
    return ($termios->getlflag & $want) == $want;
}

1;
