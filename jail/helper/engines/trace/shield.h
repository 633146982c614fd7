/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAIL_HELPER_SHIELD_H
#define JAIL_HELPER_SHIELD_H

#include "jail/helper/helper.h"
#include "task.h"

/* At PTRACE_EVENT_EXEC of a program in signals.protect, before it is resumed: makes it one that no other process of its user can open, and
 * clears what was armed against it before. The process stands at a stop when this returns and is to be resumed; or it is killed, and the
 * denial reported; false then. Waits for what the kernel does alone, and two seconds at the most. */
bool shield_raise(struct helper *h, const struct task *t);

#endif
