# SPDX-License-Identifier: Apache-2.0
# httpd came up with the module in it.
use strict;
use warnings;
use Test::More;
use Apache::TestRequest qw(GET);

is GET('/plain.txt')->content, "plain\n", 'a file of the site';
done_testing;
