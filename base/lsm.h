/* SPDX-License-Identifier: Apache-2.0 */
/* Which security modules this kernel runs: what it does not run can honour no label. */
#ifndef BASE_LSM_H
#define BASE_LSM_H

#include <stdbool.h>

#include "err.h"

/* A fact of a host: LSM_ASK is for the kernel to answer, and costs system calls only where a label is asked for. */
enum lsm_fact { LSM_ABSENT, LSM_PRESENT, LSM_ASK };

/* By /sys/module/apparmor/parameters/enabled. */
bool lsm_has_apparmor(enum lsm_fact fact);
/* By selinuxfs in /proc/filesystems, mounted or not, and by this process's label: before a policy is loaded it is "kernel", and SELinux
 * takes every label without a word for that one. */
bool lsm_has_selinux(enum lsm_fact fact);

/* Asks AppArmor whether a profile of that name is loaded, which changes nothing (aa_change_profile(2)'s "permprofile"). For the host's
 * own /proc alone. Returns 0, also where the question cannot be asked, or -ENOENT with the words of lsm_no_profile. */
int lsm_check_profile(const char *profile, struct err *e);
/* The error about a profile that is not loaded. Returns -ENOENT. */
int lsm_no_profile(const char *profile, struct err *e);

#endif
