/* SPDX-License-Identifier: Apache-2.0 */
/* Rights to files, as Landlock has them: for the compiler of plans, and for the helper. The bits are LANDLOCK_ACCESS_FS_* of
 * linux/landlock.h, of which older headers lack some. */
#include "jail/jail.h"

#define BIT(n)     (1ull << (n))
#define EXECUTE    BIT(0)
#define WRITE_FILE BIT(1)
#define READ_FILE  BIT(2)
#define READ_DIR   BIT(3)
#define REMOVE     (BIT(4) | BIT(5)) /* REMOVE_DIR, REMOVE_FILE */
#define MAKE                                                                                                           \
	(BIT(6) | BIT(7) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12)) /* CHAR, DIR, REG, SOCK, FIFO, BLOCK, SYM */
#define TRUNCATE  BIT(14)
#define IOCTL_DEV BIT(15)

/* Before ABI 2 no ruleset lets anybody move a file to another directory. */
const struct jail_file_right jail_file_rights[FILES_RIGHTS] = {
    [FILES_READ] = {"read", READ_FILE, READ_FILE, 2, "5.19", "moving files between directories", true},
    [FILES_WRITE] = {"write", WRITE_FILE | TRUNCATE, WRITE_FILE | TRUNCATE, 3, "6.2", "holding back truncate(2)",
		     false},
    [FILES_CREATE] = {"create", MAKE | REMOVE | JAIL_LANDLOCK_REFER, 0, 2, "5.19", "moving files between directories",
		      false},
    [FILES_EXECUTE] = {"execute", EXECUTE, EXECUTE, 2, "5.19", "moving files between directories", true},
    [FILES_LIST] = {"list", READ_DIR, 0, 2, "5.19", "moving files between directories", true},
    [FILES_IOCTL] = {"ioctl", IOCTL_DEV, IOCTL_DEV, 5, "6.10", "holding back ioctl(2) on devices", false},
};

bool jail_has_files(const struct jail_plan *p)
{
	bool has = false;

	for (uint64_t i = 0; i < p->n_policies; i++)
		has |= spec_files_has_lists(&p->policies[i].files);
	return has;
}
