# SPDX-License-Identifier: Apache-2.0
# What is in an archive, as the usual tools see it.
#
#   my $archive = DLTest::Archive->new(zip => $bytes);
#   $archive->sound;        # the tool's own test
#   $archive->names;        # sorted
#   $archive->bytes('a.csv');
#   $archive->manifest;     # decoded
package DLTest::Archive;
use strict;
use warnings;

use File::Temp ();
use JSON::PP ();

sub new {
    my ($class, $kind, $bytes) = @_;
    my $file = File::Temp->new(SUFFIX => ".$kind");
    binmode $file;
    print {$file} $bytes;
    close $file or die "$file: $!";
    return $class->of_file($kind, $file);
}

sub of_file {
    my ($class, $kind, $path) = @_;
    return bless { kind => $kind, path => $path }, $class;
}

sub run {
    my ($self, @command) = @_;
    local $ENV{LC_ALL} = 'C.UTF-8';
    open my $in, '-|', @command or die "$command[0]: $!";
    binmode $in;
    local $/;
    my $text = <$in> // '';
    $self->{ok} = close $in;
    return $text;
}

sub sound {
    my $self = shift;
    $self->run($self->{kind} eq 'zip' ? ('unzip', '-tq', "$self->{path}")
                                      : ('tar', '-tf', "$self->{path}"));
    return $self->{ok};
}

sub names {
    my $self = shift;
    return sort split /\n/, $self->run($self->{kind} eq 'zip'
        ? ('unzip', '-Z1', "$self->{path}") : ('tar', '-tf', "$self->{path}"));
}

sub bytes {
    my ($self, $name) = @_;
    return $self->run($self->{kind} eq 'zip'
        ? ('unzip', '-p', "$self->{path}", $name)
        : ('tar', '-xOf', "$self->{path}", $name));
}

sub manifest {
    my $self = shift;
    return JSON::PP->new->utf8->decode($self->bytes('manifest.json'));
}

1;
