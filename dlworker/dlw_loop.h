/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop lives in common/dl_loop.h, where the module's hub can use it too;
 * this maps its names for files of the worker that use the earlier ones.
 */
#ifndef DLW_LOOP_H
#define DLW_LOOP_H

#include "dl_loop.h"

#define dlw_loop_t dl_loop_t
#define dlw_loop_create dl_loop_create
#define dlw_loop_signal dl_loop_signal
#define dlw_loop_now_ms dl_loop_now_ms
#define dlw_loop_now_us dl_loop_now_us
#define dlw_loop_turn dl_loop_turn
#define dlw_loop_run dl_loop_run
#define dlw_loop_stop dl_loop_stop
#define dlw_io_t dl_io_t
#define dlw_io_fn dl_io_fn
#define dlw_io_set dl_io_set
#define dlw_timer_t dl_timer_t
#define dlw_timer_fn dl_timer_fn
#define dlw_timer_set dl_timer_set
#define dlw_timer_cancel dl_timer_cancel
#define dlw_defer_t dl_defer_t
#define dlw_defer_fn dl_defer_fn
#define dlw_defer_cancel dl_defer_cancel
#define dlw_signal_fn dl_signal_fn
#define dlw_defer dl_defer
#define DLW_IO_READ DL_IO_READ
#define DLW_IO_WRITE DL_IO_WRITE
#define DLW_IO_HANGUP DL_IO_HANGUP

#endif /* DLW_LOOP_H */
