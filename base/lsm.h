/* SPDX-License-Identifier: Apache-2.0 */
/* Which security modules this kernel runs: what it does not run can honour no label. */
#ifndef BASE_LSM_H
#define BASE_LSM_H

#include <stdbool.h>

/* A fact of a host: LSM_ASK is for the kernel to answer, and costs system calls only where a label is asked for. */
enum lsm_fact { LSM_ABSENT, LSM_PRESENT, LSM_ASK };

/* By /sys/module/apparmor/parameters/enabled. */
bool lsm_has_apparmor(enum lsm_fact fact);
/* By selinuxfs in /proc/filesystems, which is there with or without a policy, and whether it is mounted or not. */
bool lsm_has_selinux(enum lsm_fact fact);

#endif
