# SPDX-License-Identifier: Apache-2.0
# A strict reader of Prometheus' text format 0.0.4, stricter than Prometheus
# itself: what promtool would warn of dies here.
#
#   my $m = metrics($text);
#   $m->{dljob_tasks}{type}                                  # "gauge"
#   $m->{dljob_tasks}{values}{'state="dead"'}                # 3
package DLTest::Metrics;
use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(metrics);

my $NAME = qr/[a-z][a-z0-9_]*/;
my $LABEL = qr/$NAME="(?:[^"\\\n]|\\[\\"n])*"/;
my $VALUE = qr/(?:-?\d+(?:\.\d+)?|\+Inf)/;
my %SUFFIX = (histogram => qr/_(?:bucket|sum|count)/,
              summary => qr/_(?:sum|count)/);

# Ids without a bound have no place in a label.
my $UNBOUNDED = qr/[0-9a-f]{8}-[0-9a-f]{4}-4|[0-9a-f]{32}|\d{5}/;

sub check_histogram {
    my ($name, $values) = @_;
    my ($last, $bound) = (0, 0);
    for (@{ $values->{_order} }) {
        my ($le) = /^_bucket le="(.*)"$/ or next;
        my $n = $values->{$_};
        die "$name: after $bound comes $le\n"
            unless $bound ne '+Inf' && ($le eq '+Inf' || $le > $bound);
        die "$name: bucket $le is smaller than the one before\n"
            if $n < $last;
        ($bound, $last) = ($le, $n);
    }
    die "$name: no last bucket\n" unless $bound eq '+Inf';
    die "$name: count is not the last bucket\n"
        unless $values->{_count} == $last;
    die "$name: no sum\n" unless defined $values->{_sum};
    return;
}

sub check_metric {
    my ($name, $m) = @_;
    my $values = $m->{values};
    die "$name: no values\n" unless @{ $values->{_order} };
    die "$name: no help\n" unless length $m->{help};
    die "$name: a counter ends in _total, and nothing else\n"
        if ($m->{type} eq 'counter') != ($name =~ /_total$/);
    if ($m->{type} ne 'gauge') {
        for (@{ $values->{_order} }) {
            die "$name: negative\n" if $values->{$_} < 0;
        }
    }
    check_histogram($name, $values) if $m->{type} eq 'histogram';
    delete $values->{_order};
    return;
}

# All metrics by name, each with type, help and values by labels (with the
# suffix and a blank before them, where there is one). Dies when anything is
# not as it should be.
sub metrics {
    my ($text) = @_;
    my (%all, $name, $begun);

    utf8::decode(my $copy = $text) or die "not UTF-8\n";
    die "no line feed at the end\n" unless $text =~ /\n\z/;
    for my $line (split /\n/, $text) {
        if ($line =~ /^# HELP ($NAME) ((?:[^\\]|\\[\\n])*)$/) {
            check_metric($name, $all{$name}) if $name;
            $name = $1;
            die "$name: comes twice\n" if $all{$name};
            $all{$name} = { help => $2, values => { _order => [] } };
        } elsif ($line =~ /^# TYPE ($NAME) (gauge|counter|histogram|summary)$/)
        {
            die "TYPE of $1 does not follow its HELP\n"
                unless $name && $1 eq $name && !$all{$name}{type};
            $all{$name}{type} = $2;
        } elsif ($line
            =~ /^($NAME)(?:\{($LABEL(?:,$LABEL)*)\})? ($VALUE)$/) {
            my ($series, $labels, $value) = ($1, $2 // '', $3);
            my $m = $name && $all{$name};
            die "$series: no HELP and TYPE before it\n"
                unless $m && $m->{type};
            my $suffix = $SUFFIX{ $m->{type} } // qr//;
            die "$series: not of $name\n"
                unless $series =~ /^\Q$name\E($suffix)$/;
            die "$series: an id in a label: $labels\n"
                if $labels =~ $UNBOUNDED;
            my $key = join ' ', grep { length } $1, $labels;
            die "$series: {$labels} comes twice\n"
                if defined $m->{values}{$key};
            push @{ $m->{values}{_order} }, $key;
            $m->{values}{$key} = $value eq '+Inf' ? 'inf' : $value;
        } else {
            die "not a line of this format: $line\n";
        }
    }
    die "no metric\n" unless $name;
    check_metric($name, $all{$name});
    return \%all;
}

1;
