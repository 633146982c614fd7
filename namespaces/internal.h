/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef NAMESPACES_INTERNAL_H
#define NAMESPACES_INTERNAL_H

#include "namespaces.h"
#include "namespaces/mounts/mountapi.h"

/* options.c: the list of options of one mount into *m (kind, attributes, propagation, data). */
int options_parse(struct ns_mount *m, struct arena *a, struct err *e);
/* options.c: what somebody meant who wrote that option, as words behind a message; "": none is near. The buffer is static. */
const char *option_hint(const char *option);

/* plan/mounts.c, plan/devices.c: parts of ns_plan. */
int plan_mounts(const struct spec_config *c, const struct ns_facts *f, struct arena *a, struct ns_plan *p,
		struct err *e);
int plan_devices(const struct spec_config *c, struct arena *a, struct ns_plan *p, struct err *e);

/* procmounts: "/proc/uptime" and the few others that may be covered by a mount. */
bool proc_target_allowed(const char *destination);

/* netdev.c: the part of ns_plan, and of ns_run_close. */
int net_devices_plan(const struct spec_config *c, const struct ns_facts *f, struct err *e);
void net_devices_close(struct ns_run *r);

/* sysctl.c: is key ("net.ipv4.ip_forward", "net/ipv4/…") one of a namespace of the container's own, in this kernel (NS_KERNEL)? */
int sysctl_check(const char *key, const struct ns_plan *p, unsigned int kernel, struct err *e);
/* The file below /proc/sys of a key; NULL when the key is no proper one. */
char *sysctl_path(struct arena *a, const char *key);

/* rootfs.c: finds root.path for ns_rootfs_show, with the rights that this process has now. */
void rootfs_find_place(const struct ns_plan *p, struct ns_run *r);

/* idmap.c */
#define IDMAP_MAX 340 /* lines that the kernel takes (user_namespaces(7)) */
int idmap_check(const struct spec_idmaps *m, struct err *e);
int idmap_plan(const struct spec_config *c, const struct ns_plan *p, struct err *e);
bool idmap_equal(const struct spec_idmaps *a, const struct spec_idmaps *b);
/* A user namespace with these maps and nobody in it, for MOUNT_ATTR_IDMAP. Returns its fd. */
int idmap_userns(const struct spec_idmaps *uids, const struct spec_idmaps *gids, struct err *e);

/* plan.c: the kernel's name of a namespace, in /proc/PID/ns */
const char *ns_proc_name(enum spec_ns ns);

/* join.c: opens p->join[] into r->join_fds, each checked to be of its type. */
int join_open(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* Enters the namespace of type ns that join_open opened, and closes its fd; nothing when none is to be joined. */
int join_one(const struct ns_plan *p, struct ns_run *r, enum spec_ns ns, struct err *e);

/* proc.c: the fd of a procfs of the container's pid namespace at which nothing of the rootfs can get: its own /proc
 * mount, when ns_mounts made one that is writable, else one that is mounted nowhere. Lives in r->proc_fd. */
int proc_private(struct ns_run *r, struct err *e);

/* target.c: an O_PATH fd of a mount's target in the rootfs, made when it is missing (*ret_made). no_symlinks: refuse
 * to walk through any. */
int target_open(struct ns_run *r, const char *path, bool is_dir, bool no_symlinks, bool *ret_made, struct err *e);
/* The same for the directory that holds path, and its last component. */
int target_parent(struct ns_run *r, const char *path, const char **ret_name, struct err *e);
/* The target of a bind with dest-nofollow: a link itself. */
int target_open_link(struct ns_run *r, const char *path, bool is_dir, struct err *e);
/* copy-symlink: at path there is a link to what the link at fd points to, made when there is nothing. */
int target_link(struct ns_run *r, const char *path, int fd, struct err *e);
/* True when path lies in the rootfs itself, not in a mount on top, which takes what is made in it away with it; and when
 * there is a journal at all. */
bool target_is_own(const struct ns_run *r, const char *path);
/* To be called before something is made in the rootfs: tells the journal, when target_is_own. arg is the struct ns_run:
 * a path_made_fn. */
int target_made(void *arg, const char *path, bool is_dir, struct err *e);

/* plan/mounts.c: whether m shows a namespace that is none of the container's own; the error that the kernel's EPERM means then. */
bool shows_foreign(const struct spec_config *c, const struct ns_mount *m);
int shown_refused(const struct spec_config *c, const struct ns_mount *m, struct err *e);

/* newfs.c: the new file system of m (NS_MNT_FS) with all its options but iversion, mounted nowhere; mode: of its root, or
 * -1. Returns the fd of the mount or -errno. */
int fs_new(const struct ns_mount *m, int mode, struct err *e);
/* Whether the options have "key=…"; whether m is a tmpfs that names no mode. */
bool fs_has_key(const struct ns_mount *m, const char *key);
bool fs_wants_mode(const struct ns_mount *m);

/* mountinfo.c: makes read-only what of the host's cgroups is mounted at or below the destination of m. */
int guard_cgroups(const struct ns_run *r, const struct ns_mount *m, struct err *e);
/* Whether the tree has what is asked of a mount of cgroup v2: all its mounts share its options, which only the host may set. Returns 0 or
 * -errno. */
int check_cgroup_options(const struct ns_mount *m, struct err *e);
/* The type of the file system that the mount `id` (STATX_MNT_ID) of this mount namespace is of, into ret; false when it is
 * not found. */
bool mount_type(uint64_t id, char *ret, size_t size);

/* Whether that mount is on mount_point (NULL: anywhere), in this mount namespace. */
bool mount_is_at(uint64_t id, const char *mount_point);
/* The id of the mount that path below dir is on; or dir itself, with "". */
int mount_id(int dir, const char *path, uint64_t *ret, struct err *e);

/* inherited.c: what cannot be without a mount namespace of the container's own, by name. */
int inherited_check(const struct ns_plan *p, struct err *e);
/* The rootfs as it is, where nothing is to be mounted: r->bare. */
int inherited_open(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* Mounts the rootfs on root.path, unless it is bare. */
int inherited_attach(const struct ns_plan *p, struct ns_run *r, struct err *e);

/* copyup.c: copies what is in the directory at from into the empty one at to, with modes, owners and times. */
int copy_up(int from, int to, struct err *e);

/* The trees of the host's nodes and what they have to be. */
int null_check(int fd);

#endif
