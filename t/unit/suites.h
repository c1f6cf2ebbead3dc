/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unit tests: one line per file t/unit/test_X.c, which defines
 * Suite *test_X_suite(void). Included by main.c with SUITE defined.
 */
SUITE(lua)
SUITE(redis_fixture)
SUITE(log)
SUITE(redis_faults)
SUITE(redis_pool)
SUITE(redis_url)
SUITE(reply)
SUITE(disposition)
SUITE(link)
SUITE(sigv4)
SUITE(store)
SUITE(dlw_store_file)
SUITE(dlw_loop)
SUITE(dlw_spool)
SUITE(cap)
SUITE(event)
SUITE(seats)
SUITE(script_flow)
