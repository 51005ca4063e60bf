/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The getters of the table of columns. Each fills *ret, which is VL_ABSENT when it is called, from
 * one item; the plain ones read the column's parameter and are named after its kind.
 */
#ifndef VZLIST_VALUES_H
#define VZLIST_VALUES_H

#include "vzlist/vzlist.h"

/* Parts of a beancounter and of a disk quota. */
enum { VL_HELD, VL_MAXHELD, VL_BARRIER, VL_LIMIT, VL_FAILCNT };
enum { VL_USED, VL_SOFT, VL_HARD };

vl_get vl_get_id, vl_get_private, vl_get_root, vl_get_name, vl_get_smart_name, vl_get_status,
	vl_get_layout, vl_get_uptime, vl_get_laverage, vl_get_vswap, vl_get_uid, vl_get_init,
	vl_get_str, vl_get_u64, vl_get_limit, vl_get_ratio, vl_get_words, vl_get_ip, vl_get_cpu,
	vl_get_onoff, vl_get_disabled, vl_get_switches, vl_get_ubc, vl_get_disk,
	vl_get_traffic, vl_get_migratable;

#endif
