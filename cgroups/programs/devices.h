/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only. */
#ifndef CGROUPS_DEVICES_H
#define CGROUPS_DEVICES_H

#include "cgroups/cgroups.h"

/* The rules and the default devices, in order, one text each: "allow c 1:3 rwm". Returns 0, -EINVAL, -ENOMEM. */
int cg_device_rules_text(const struct spec_device_rule *rules, size_t n, struct arena *a, struct strv *ret,
			 struct err *e);

/* Loads the device program of p and attaches it; replace: in the place of the one that jailrun attached before, if any,
 * in one step. Returns 0 or -errno. */
int cg_devices_attach(const struct cg_plan *p, int dir_fd, bool replace, struct err *e);

#endif
