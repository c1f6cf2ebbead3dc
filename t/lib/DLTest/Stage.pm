# SPDX-License-Identifier: Apache-2.0
# Test::More for a stage of ./run-tests: ends with "# N passed, N failed" and
# the matching exit status, also when the test dies on its way.
#
#   use DLTest::Stage;      # strict, warnings, Test::More
#   is 1 + 1, 2, 'sums';
#   done_testing;
package DLTest::Stage;
use strict;
use warnings;

my $owner = $$;

# Registered first, so run last: after END of whatever the test loads, and of
# Test::More itself, which has things to say when tests have failed.
END {
    if ($$ == $owner) {
        my $status = $?;
        my $builder = Test::More->builder;
        my $passed = grep { $_ } $builder->summary;
        my $failed = $builder->summary - $passed;
        # died, planned more, tested nothing: one more that failed
        $failed++ if !$failed && ($status || !$passed
            || !$builder->is_passing);
        print "# $passed passed, $failed failed\n";
        $? = $failed ? 1 : 0;
    }
}

use Test::More ();

sub import {
    my $class = shift;
    strict->import;
    warnings->import;
    Test::More->export_to_level(1, 'Test::More');
    $| = 1;
    return;
}

1;
