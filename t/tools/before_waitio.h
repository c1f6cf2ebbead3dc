/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included before all else: the headers of httpd 2.4.62 have none of these.
 */
#include <httpd.h>
#include <ap_mpm.h>

#undef AP_MPMQ_CAN_WAITIO
#define CONN_STATE_ASYNC_WAITIO "2.4.63 has it"
