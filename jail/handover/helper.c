/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's program, as it lies in this one. */
#include "jail/jail.h"

/* Set by the assembler file that takes in the helper's ELF (.incbin). */
extern const char jail_helper_start[], jail_helper_end[];

int jail_helper_open(struct err *e)
{
	return exec_copy("jailrun-init", jail_helper_start,
			 (size_t)((uintptr_t)jail_helper_end - (uintptr_t)jail_helper_start), e);
}
