/* SPDX-License-Identifier: Apache-2.0 */
#include "lsm.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"

static bool file_has(const char *path, const char *word)
{
	AUTO_FREE char *text = NULL;
	size_t len;

	return file_read(AT_FDCWD, path, 65536, &text, &len, NULL) == 0 && strstr(text, word);
}

bool lsm_has_apparmor(enum lsm_fact fact)
{
	return fact == LSM_ASK ? file_has("/sys/module/apparmor/parameters/enabled", "Y") : fact == LSM_PRESENT;
}

bool lsm_has_selinux(enum lsm_fact fact)
{
	return fact == LSM_ASK ? file_has("/proc/filesystems", "\tselinuxfs\n") : fact == LSM_PRESENT;
}
