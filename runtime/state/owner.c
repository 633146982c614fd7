/* SPDX-License-Identifier: Apache-2.0 */
/* root's look at the containers of a user. What is in that user's state root was written by that user: so the call gives up all that it may
 * do and goes on as the user. The kernel sees to it then that nothing is read, signalled or removed that is not that user's. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state.h"

#define NO_GROUP 65534 /* a directory may have come to its group by the one above: the user need not be in it */

/* Whose the container is, or, without an id, the state root. 0 also for what is not there: it is said by who looks for it. */
static uid_t owner_of(const char *root, const char *id)
{
	AUTO_CLOSE int fd = open(root, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat of_root, of_id;

	if (fd < 0 || fstat(fd, &of_root) < 0)
		return 0;
	if (!id)
		return of_root.st_uid;
	if (rt_store_check_id(id, NULL) < 0 || fstatat(fd, id, &of_id, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	/* In somebody else's state root it is refused, as before. */
	return of_id.st_uid == of_root.st_uid ? of_id.st_uid : 0;
}

int rt_as_owner(struct rt_call *c, const char *id, struct err *e)
{
	const uid_t uid = geteuid() == 0 ? owner_of(c->g.root, id) : 0;
	struct stat st;

	if (geteuid() == 0 && lstat(c->g.root, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid != 0)
		return err_set(e, EPERM,
			       "the state root '%s' is a symbolic link of user %u: it may lead to another's containers",
			       c->g.root, (unsigned int)st.st_uid);
	if (uid == 0)
		return 0;
	/* The change of uid takes all capabilities along, and the right of that user to trace this process. */
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    setgroups(0, NULL) < 0 || setresgid(NO_GROUP, NO_GROUP, NO_GROUP) < 0 || setresuid(uid, uid, uid) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(e, "become user %u, whose state root '%s' is", (unsigned int)uid, c->g.root);
	if (setresuid(0, 0, 0) == 0)
		return err_set(e, EPERM, "become user %u: root's rights are still there", (unsigned int)uid);
	c->no_root.set = false;
	return 1;
}
