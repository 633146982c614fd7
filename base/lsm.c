/* SPDX-License-Identifier: Apache-2.0 */
#include "lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "str.h"

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
	AUTO_FREE char *label = NULL;
	size_t len;

	if (fact != LSM_ASK)
		return fact == LSM_PRESENT;
	return file_has("/proc/filesystems", "\tselinuxfs\n") &&
	       file_read(AT_FDCWD, "/proc/thread-self/attr/current", 65536, &label, &len, NULL) == 0 &&
	       !str_eq(label, "kernel");
}

int lsm_no_profile(const char *profile, struct err *e)
{
	err_set(
	    e, ENOENT,
	    "apparmor failed to apply profile: no profile '%.128s' is loaded (ENOENT); load it by apparmor_parser(8)",
	    profile);
	err_ctx(e, "process.apparmorProfile");
	return -ENOENT;
}

int lsm_check_profile(const char *profile, struct err *e)
{
	AUTO_BUF words = {0};

	buf_printf(&words, "permprofile %s", profile);
	if (words.failed ||
	    file_write(AT_FDCWD, "/proc/thread-self/attr/apparmor/current", words.data, NULL) != -ENOENT)
		return 0;
	return access("/proc/thread-self/attr/apparmor/current", W_OK) == 0 ? lsm_no_profile(profile, e) : 0;
}
