/* SPDX-License-Identifier: Apache-2.0 */
/* The container's namespaces and what is in them: id maps, mounts, rootfs, /dev, masks, network devices, names, sysctl, time. In the
 * order of a container's life:
 *   ask            ns_probe
 *   plan           ns_plan, ns_plan_print (plan/)
 *   before it      ns_sources, ns_idmap_write (mounts/, idmap.c)
 *   its network    ns_net_devices, ns_loopback (network/)
 *   become it      ns_join_first, ns_join, ns_become_root, ns_rest, ns_uts (join.c, idmap.c, uts.c)
 *   its root       ns_rootfs_prepare, ns_mounts, ns_dev, ns_sysctl, ns_pivot, ns_masks, ns_console, ns_propagation (mounts/, dev.c,
 *                  sysctl.c, console.c)
 *   exec           ns_enter_open, ns_enter, ns_enter_mount (join_process.c), ns_terminal
 *   end            ns_unmount, ns_unmake, ns_net_devices_undo
 * ns_plan says what will be done; each ns_* step after it does one row of the life table (runtime/life/table.c). */
#ifndef NAMESPACES_NAMESPACES_H
#define NAMESPACES_NAMESPACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "spec/spec.h"

/* A version of Linux, to be compared. */
#define NS_KERNEL(major, minor) ((major)*1000u + (minor))

/* Facts of this host and this caller. */
struct ns_facts {
	uint32_t euid, egid;
	bool in_userns;            /* the runtime itself runs inside a user namespace */
	bool kernel_has[NS_COUNT]; /* /proc/self/ns/X exists */
	unsigned int kernel;       /* NS_KERNEL of its version */
	bool has_cgroup2;          /* a cgroup v2 tree is mounted at /sys/fs/cgroup or at its "unified" */
	enum lsm_fact selinux;
};

/* A mount of the plan. The vectors that it is made of are those of mount_setattr(2) and fsconfig(2). */
enum ns_links {
	NS_LINK_SOURCE = 1,      /* src-nofollow: a source that is a link is mounted itself */
	NS_LINK_DESTINATION = 2, /* dest-nofollow: a destination that is one is covered itself */
	NS_LINK_COPY = 4,        /* copy-symlink: a source that is one is made at the destination anew */
};
enum ns_mount_kind { NS_MNT_BIND, NS_MNT_FS, NS_MNT_REMOUNT, NS_MNT_CGROUP };
struct ns_mount {
	size_t index; /* in config.json's mounts[] */
	enum ns_mount_kind kind;
	const char *destination; /* clean, absolute, below the rootfs */
	const char *type;        /* file system, for NS_MNT_FS */
	const char *source;      /* bind: absolute on the host; else the dummy */
	const char *inside;      /* bind whose source lies in an earlier mount: its path below the rootfs; or NULL */
	bool recursive;          /* rbind */
	bool tmpcopyup;
	unsigned int links; /* of a bind: enum ns_links */
	bool
	    or_host; /* sysfs of a network namespace that may be the host's: where the kernel refuses it, the host's /sys */
	bool idmap, idmap_recursive;
	const struct spec_mount *spec;
	uint64_t attr_set, attr_clr;         /* MOUNT_ATTR_*, this mount alone */
	uint64_t attr_rec_set, attr_rec_clr; /* with AT_RECURSIVE (rro, rnosuid, …) */
	uint64_t propagation;                /* MS_SHARED | MS_REC …; 0: leave */
	struct strv fs_options;              /* "key", "key=value": for fsconfig */
	bool fs_ro;                          /* the superblock itself is read-only */
	const char *note;                    /* what differs from the words of config.json, or NULL */
};

struct ns_plan {
	uint64_t clone_flags;       /* new namespaces that clone3 makes at once (CLONE_NEW*) */
	uint64_t rest_flags;        /* those that must come later: CLONE_NEWCGROUP, CLONE_NEWTIME */
	const char *join[NS_COUNT]; /* path of the namespace to join, or NULL */
	bool userns;                /* the container is in a user namespace of its own or a joined one */
	bool rootless;    /* it has no rights over the host's namespaces: that, or the runtime has none itself */
	bool keep_groups; /* set by the caller: its groups stay */
	const struct spec_config *config;
	const char *bundle; /* absolute */
	const char *rootfs; /* absolute, resolved */
	struct ns_mount *mounts;
	size_t n_mounts;
	bool
	    cgroup_late; /* set by the caller: who makes or joins the cgroup namespace is the workload, which is born in
					its root; until then there is none, and ns_run's cgroup_dir_fd is what is shown */
	struct opt_u64 cgroup_owner; /* uid of the host that the container's cgroup is given to */
	bool cgroup_shown;           /* as one that the container may write to */
	/* What a bind shows of the host's cgroups is made read-only (CVE-2023-25809). Set by the caller, too: then also what a
	 * cgroup namespace does that is joined. */
	bool guard_cgroups;
	struct spec_device *devices; /* default devices and those of linux.devices */
	size_t n_devices;
	bool keep_dev;        /* /dev is bound from elsewhere: nothing is made in it */
	bool bind_devices;    /* mknod is not possible: bind them from the host */
	uint64_t propagation; /* of the rootfs at the end: MS_* */
	bool no_pivot;        /* --no-pivot: MS_MOVE and chroot */
	bool show_rootfs;     /* there are hooks that look for the container at root.path, before pivot_root */
};

/* What the steps hold between them: fds, opened before the clone or on the way. ns_run_init sets all to -1. */
struct ns_moved; /* a network device on its way */
struct ns_run {
	int rootfs_fd;   /* the container's root: a detached tree first, "/" of the container later */
	int under_fd;    /* root.path's, when a mount covers it and rootfs_fd is that one; or -1 */
	int place_fd;    /* the directory root.path in the container's mount namespace, for ns_rootfs_show; or -1 */
	int *source_fds; /* one per mount: detached tree of a bind's source or of a file system with mapped ids, or -1;
			    later a tmpfs to be made read-only */
	size_t n_sources;
	int join_fds[NS_COUNT];
	bool inherits_mounts; /* the container's mount namespace is the runtime's own */
	bool bare;            /* and nothing is mounted in it: rootfs_fd is a directory of the host's */
	bool host_net;        /* the container's network namespace is the runtime's own */
	int proc_fd;          /* a procfs that the rootfs cannot redirect, for sysctl and friends, or -1 */
	int userns_fd;        /* of idmapped mounts' maps, or -1 */
	int cgroup_dir_fd; /* given by the caller before the clone, and its own: the container's cgroup v2 directory, or -1 */
	int netns_fd; /* the network namespace that devices were moved to, which lives as long as this; or -1 */
	struct ns_moved *moved;
	size_t n_moved;
	int devices_null_fd; /* the container's /dev/null, or a copy of the host's: verified, what masks are made of */
	path_made_fn *made;  /* journal of what is created in the rootfs, with its argument */
	int (*mounted)(void *arg, uint64_t id, uint64_t ns, struct err *e); /* likewise, of the rootfs on root.path: the
		mount and the inode of its namespace */
	void *made_arg;
	const char *rootfs; /* root.path, for messages; or NULL */
};

/* Sets all fds to -1; closes those that are open, but not the caller's cgroup_dir_fd. May be called twice. */
void ns_run_init(struct ns_run *r);
void ns_run_close(struct ns_run *r);

/* Facts, by a few cheap system calls. Returns 0 or -errno. */
int ns_probe(struct ns_facts *ret, struct err *e);

/* Pure. Checks what config.json asks for against the facts: namespaces that depend on one another (config-linux.md),
 * id maps, mount options, sysctls against their namespaces, devices. Errors name the property. bundle is absolute.
 * Returns 0, -EINVAL, -ENOTSUP. */
int ns_plan(const struct spec_config *c, const struct ns_facts *f, const char *bundle, bool no_pivot, struct arena *a,
	    struct ns_plan *ret, struct err *e);

/* The plan as one JSON object under key, for `jailrun plan` and its golden tests: stable, no fds, no pids. */
void ns_plan_print(const struct ns_plan *p, struct jsonw *w, const char *key);

/* The mount options that ns_plan knows, for `features`: sorted. */
void ns_mount_options(struct arena *a, struct strv *ret);

/* ---- the steps. P: in the runtime, before or beside the clone. C: in the container's first process. Each returns 0 or -errno, and
 * says in e what failed, with the property where it is one's. ---- */

/* P: opens the namespaces to join, the rootfs and the sources of bind mounts as detached trees (open_tree(2)), with the
 * runtime's privileges, and makes the file systems whose ids are mapped: the container's own user namespace may do that
 * with none. Nothing is mounted in the host's namespace. */
int ns_sources(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* P: uid_map, gid_map and setgroups of pid, which sits in a new user namespace; by newuidmap and newgidmap when the
 * caller has no CAP_SETUID. */
int ns_idmap_write(const struct ns_plan *p, pid_t pid, struct err *e);
/* P: linux.netDevices into the container's network namespace: the joined one, or that of pid. Their permanent addresses of
 * global scope stay, and they are brought up. Errors name linux.netDevices["X"]: -ENODEV, -EEXIST when the name is taken
 * there, -EINVAL for a device that cannot leave or a namespace that is the runtime's own, -errno. */
int ns_net_devices(const struct ns_plan *p, struct ns_run *r, pid_t pid, struct err *e);
/* P: takes back those that ns_net_devices moved. Logs what fails. */
void ns_net_devices_undo(struct ns_run *r);
/* Whether a process between the runtime and the container has to join namespaces: a user or pid namespace is to be joined, or
 * others beside a new user namespace, from which those of the host could not be. */
bool ns_joins_first(const struct ns_plan *p);
/* In that process: joins (setns(2)) what the caller has the rights for, but for the mount namespace; then the user namespace, then
 * the pid namespace if it belongs to that one. Of what is left ns_join takes care. Returns 0 or -errno. */
int ns_join_first(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: joins (setns(2)) what ns_join_first left, with the rights of the user namespace. The mount namespace will be joined by
 * ns_rootfs_prepare. */
int ns_join(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: uid 0, gid 0, no groups, in the user namespace. */
int ns_become_root(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: the namespaces of rest_flags, with the time offsets. */
int ns_rest(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: brings lo up in a new network namespace (rtnetlink(7), by libmnl). */
int ns_loopback(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: host name and domain name. */
int ns_uts(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: propagation of the old tree, and the rootfs attached where pivot_root will find it; rootfs_fd is its root. */
int ns_rootfs_prepare(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: config.json's mounts, in order. Makes process.cwd when it is missing then. */
int ns_mounts(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: default and configured devices, the links of /dev (fd, stdin, …, ptmx). */
int ns_dev(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: linux.sysctl, through a private procfs. */
int ns_sysctl(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* Whether the host has each sysctl of the plan, for a warning: that of another namespace may differ. Returns 0 or -ENOENT. */
int ns_sysctl_look(const struct ns_plan *p, struct err *e);
/* C: moves the rootfs from "/" to root.path, where hooks look for it: p->show_rootfs. Where the container's root cannot find
 * that directory, it warns and leaves the rootfs at "/". */
int ns_rootfs_show(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: pivot_root into the rootfs, the old root let go. */
int ns_pivot(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: masked and read-only paths, read-only root. After pivot. */
int ns_masks(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C, after pivot: a pty of the container's own devpts, its slave bound to /dev/console; the fds belong to the caller.
 * height and width 0: left as they are. */
int ns_console(const struct ns_plan *p, struct ns_run *r, int *ret_master, int *ret_slave, struct err *e);
/* C: linux.rootfsPropagation, after everything that binds parts of the root: what is unbindable cannot be. */
int ns_propagation(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C, as ns_console, in a container that runs: its /dev/console stays what it is. */
int ns_terminal(const struct ns_plan *p, struct ns_run *r, int *ret_master, int *ret_slave, struct err *e);

/* P: opens the namespaces of pid that are not the caller's own, for ns_enter; the pid namespace is that of
 * pid_of_pidns. Fills p->join, p->userns and r->join_fds. Returns 0 or -errno. */
int ns_enter_open(pid_t pid, pid_t pid_of_pidns, struct arena *a, struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: joins them but for the mount namespace. The pid namespace is that of the next child (setns(2)). */
int ns_enter(const struct ns_plan *p, struct ns_run *r, struct err *e);
/* C: joins that one; r->rootfs_fd is the container's root then. Last: after it no path is the host's, and no procfs to be trusted. */
int ns_enter_mount(const struct ns_plan *p, struct ns_run *r, struct err *e);

/* P: takes away the rootfs that the journal says was mounted in the host's mount namespace ("m ID NAMESPACE"), with all below it, and
 * marks the line as done. top_alone: only when nothing is mounted over it. Never fails; warns. */
void ns_unmount(const char *rootfs, char *lines, bool top_alone);
/* P: unlinks, last first, what the journal says was made below the rootfs (empty directories and files alone). lines:
 * "d /path" or "f /path", one each. Never fails. */
void ns_unmake(const char *rootfs, char *lines);

#endif
