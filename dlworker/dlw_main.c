/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dlworker: reads its options and runs the loop.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include <apr_general.h>

#include "dlw_options.h"
#include "dlw_worker.h"

#define EXIT_CONFIG 78          /* EX_CONFIG of sysexits.h */

/** Descriptors 0, 1 and 2 must be something, or a pipe would get their
 *  number. */
static void open_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

int main(int argc, char **argv)
{
    const dlw_options_t *options;
    dlw_worker_t *worker;
    apr_pool_t *p;
    int status;

    open_standard();
    setlocale(LC_CTYPE, "C.UTF-8");
    if (apr_initialize() != APR_SUCCESS)
        return 1;
    apr_pool_create(&p, NULL);
    apr_pool_tag(p, "dlworker");
    options = dlw_options_parse(argc, (const char *const *)argv, p);
    status = dlw_options_act(options, p);
    if (status < 0)
        status = dlw_worker_create(options, p, &worker) == APR_SUCCESS
                     ? dlw_worker_run(worker)
                     : EXIT_CONFIG;
    apr_pool_destroy(p);
    apr_terminate();
    return status;
}
