# SPDX-License-Identifier: Apache-2.0
# What the guards in t/guards share. A guard is a program that looks over the
# tree for one kind of mistake:
#
#   guard(check => sub ($tree), samples => { name => { path => text } });
#
# Called with a folder (default: the repository), it prints "path:line: what"
# for each finding and exits 1 if there was any. Called with --self-test, it
# writes each of its samples, all of them bad, to a folder of its own, and
# exits 1 unless each of them is found.
package DLTest::Guard;
use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Find ();
use File::Path qw(make_path);
use File::Temp ();

our @EXPORT = qw(guard);

my $TOP = abs_path(dirname(__FILE__) . '/../../..');

sub guard {
    my %guard = @_;
    my $arg = shift @ARGV // $TOP;
    if ($arg eq '--self-test') {
        exit self_test(\%guard);
    }
    my $tree = DLTest::Guard->open_tree($arg);
    $guard{check}->($tree);
    print "$_\n" for @{ $tree->{findings} };
    exit(@{ $tree->{findings} } ? 1 : 0);
}

sub self_test {
    my $guard = shift;
    my $missed = 0;
    for my $name (sort keys %{ $guard->{samples} }) {
        my $dir = File::Temp->newdir;
        my $files = $guard->{samples}{$name};
        for my $path (keys %$files) {
            make_path(dirname("$dir/$path"));
            open my $out, '>', "$dir/$path" or die "$path: $!";
            print {$out} $files->{$path};
            close $out or die "$path: $!";
            chmod 0755, "$dir/$path" if $files->{$path} =~ /^#!/;
        }
        my $tree = DLTest::Guard->open_tree("$dir");
        $guard->{check}->($tree);
        next if @{ $tree->{findings} };
        print "bad sample not found: $name\n";
        $missed++;
    }
    print "no samples\n" unless %{ $guard->{samples} };
    return $missed || !%{ $guard->{samples} } ? 1 : 0;
}

# The files of a tree: what git knows (also not yet committed), else all.
sub open_tree {
    my ($class, $root) = @_;
    my @files;
    if (-e "$root/.git") {
        open my $git, '-|', 'git', '-c', "safe.directory=*", '-C', $root,
            qw(ls-files -co --exclude-standard) or die "git: $!";
        chomp(@files = <$git>);
        close $git or die "git ls-files failed\n";
    } else {
        File::Find::find({ no_chdir => 1, wanted => sub {
            $File::Find::prune = 1 if m{/(?:build|autom4te\.cache)$};
            push @files, substr($_, length($root) + 1) if -f;
        } }, $root);
    }
    @files = sort grep { -f "$root/$_" } @files;
    return bless { root => $root, files => \@files, text => {},
                   findings => [] }, $class;
}

# The paths that match $pattern, text files only.
sub files {
    my ($self, $pattern) = @_;
    return grep { $_ =~ $pattern && !$self->binary($_) } @{ $self->{files} };
}

sub has {
    my ($self, $path) = @_;
    return -f "$self->{root}/$path";
}

sub text {
    my ($self, $path) = @_;
    return $self->{text}{$path} //= do {
        open my $in, '<:raw', "$self->{root}/$path" or die "$path: $!";
        local $/;
        my $text = <$in>;
        defined $text ? $text : '';
    };
}

sub lines {
    my ($self, $path) = @_;
    return split /\n/, $self->text($path);
}

sub binary {
    my ($self, $path) = @_;
    return substr($self->text($path), 0, 8000) =~ /\0/;
}

# Whether $path is a script, by its first line; $what matches the program.
sub script {
    my ($self, $path, $what) = @_;
    return $self->text($path) =~ m{^\#!\s*/\S*\b(?:env\s+)?(\S+)}
        && $1 =~ $what;
}

# C without comments and, unless $keep, without the insides of strings; line
# feeds stay.
sub c_code {
    my ($self, $path, $keep) = @_;
    my $text = $self->text($path);
    $text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:[^"\\\n]|\\.)*")|('(?:[^'\\\n]|\\.)*')}
              { my $m = $&;
                if (defined $1) { $m =~ s/[^\n]+/ /g; $m }
                elsif (defined $2) { $keep ? $m : '""' }
                else { $m } }gse;
    return $text;
}

sub report {
    my ($self, $path, $line, $what) = @_;
    push @{ $self->{findings} }, "$path:$line: $what";
    return;
}

1;
