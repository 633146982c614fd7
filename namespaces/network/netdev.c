/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices (config-linux.md, Network Devices): devices of the runtime's network namespace go into the container's.
 * The kernel keeps what is part of the device (hardware address, MTU, queue length, alias); its addresses it takes away, so
 * they are noted before and given back after. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "namespaces/internal.h"
#include "namespaces/network/rtnl.h"

#ifndef RTEXT_FILTER_SKIP_STATS
#define RTEXT_FILTER_SKIP_STATS (1 << 3)
#endif

/* Flags of an address that were asked for; the others say what the kernel has found out about it. */
#define ASKED_FOR (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

/* An RTM_NEWADDR as the kernel told it: struct ifaddrmsg and its attributes. */
struct address {
	struct address *next;
	uint16_t len;
	_Alignas(NLMSG_ALIGNTO) unsigned char msg[];
};

struct ns_moved {
	const char *host_name;
	char name[IFNAMSIZ]; /* in the container */
	int host_index, index;
	bool was_up, moved;
	struct address *addresses, **end;
};

/* ---- the plan ---- */

/* What the kernel takes as a name (dev_valid_name()), in which "%d" stands for a number of its choice. */
static int check_name(const char *name, bool template, struct err *e)
{
	const char *percent = strchr(name, '%');

	if (!*name || strlen(name) >= IFNAMSIZ)
		return err_set(e, EINVAL, "the name of a network device has 1 to %d characters", IFNAMSIZ - 1);
	if (str_eq(name, ".") || str_eq(name, "..") || strpbrk(name, "/: \t\n\v\f\r"))
		return err_set(e, EINVAL, "'%s' is no name of a network device", name);
	if (percent && (!template || percent[1] != 'd' || strchr(percent + 1, '%')))
		return err_set(
		    e, EINVAL,
		    "'%s': '%%' stands in a name only as one \"%%d\", for a number that the kernel chooses%s", name,
		    template ? "" : ", and only in the container's name");
	return 0;
}

static const char *name_inside(const struct spec_net_device *d)
{
	return d->name && *d->name ? d->name : d->host_name;
}

static int check_device(const struct spec_linux *l, size_t i, struct err *e)
{
	const struct spec_net_device *d = &l->net_devices[i];
	bool renamed = d->name && *d->name;

	if (check_name(d->host_name, false, e) < 0)
		return -e->code;
	if (renamed && check_name(d->name, true, e) < 0)
		return err_ctx(e, "name");
	for (size_t k = 0; k < i && !strchr(name_inside(d), '%'); k++)
		if (str_eq(name_inside(d), name_inside(&l->net_devices[k])))
			return err_set(e, EINVAL, "'%s' is also the container's name of '%s'", name_inside(d),
				       l->net_devices[k].host_name);
	return 0;
}

int net_devices_plan(const struct spec_config *c, const struct ns_facts *f, struct err *e)
{
	const struct spec_linux *l = &c->linux_;

	if (!l->n_net_devices)
		return 0;
	if (!l->namespaces[NS_NETWORK].set) {
		err_set(e, EINVAL, "needs a new or joined network namespace in linux.namespaces");
		return err_ctx(e, "linux.netDevices");
	}
	if (f->euid != 0) {
		err_set(e, EPERM, "taking devices out of the host's network namespace needs root");
		return err_ctx(e, "linux.netDevices");
	}
	for (size_t i = 0; i < l->n_net_devices; i++)
		if (check_device(l, i, e) < 0)
			return err_ctx(e, "linux.netDevices[\"%s\"]", l->net_devices[i].host_name);
	return 0;
}

/* ---- one device ---- */

struct link_facts {
	int index;
	unsigned int flags;
	char name[IFNAMSIZ];
};

static int on_link(const struct nlmsghdr *head, void *arg)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(head);
	struct link_facts *f = arg;
	struct nlattr *a;

	if (head->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	f->index = link->ifi_index;
	f->flags = link->ifi_flags;
	mnl_attr_for_each(a, head, sizeof(*link)) if (mnl_attr_get_type(a) == IFLA_IFNAME)
	    snprintf(f->name, sizeof(f->name), "%s", mnl_attr_get_str(a));
	return MNL_CB_OK;
}

/* By its name, or by index when name is NULL. Returns 0, -ENODEV, -errno. */
static int find_link(struct mnl_socket *nl, const char *name, int index, struct link_facts *ret)
{
	char buf[RTNL_REQUEST_MAX];
	struct nlmsghdr *head = rtnl_request(buf, RTM_GETLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
	int r;

	*ret = (struct link_facts){0};
	link->ifi_index = index;
	mnl_attr_put_u32(head, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (name)
		mnl_attr_put_strz(head, IFLA_IFNAME, name);
	r = rtnl_ask(nl, head, on_link, ret);
	return r == 0 && !ret->index ? -ENODEV : r;
}

static uint32_t address_flags(const struct ifaddrmsg *m, const struct nlmsghdr *head)
{
	struct nlattr *a;
	uint32_t flags = m->ifa_flags;

	mnl_attr_for_each(a, head, sizeof(*m)) if (mnl_attr_get_type(a) == IFA_FLAGS &&
						   mnl_attr_get_payload_len(a) == sizeof(flags)) flags =
	    mnl_attr_get_u32(a);
	return flags;
}

/* "all permanent IP addresses of any family with global scope" */
static int on_address(const struct nlmsghdr *head, void *arg)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(head);
	struct ns_moved *d = arg;
	size_t len = mnl_nlmsg_get_payload_len(head);
	struct address *a;

	if (head->nlmsg_type != RTM_NEWADDR || (int)m->ifa_index != d->host_index ||
	    m->ifa_scope != RT_SCOPE_UNIVERSE || !(address_flags(m, head) & IFA_F_PERMANENT))
		return MNL_CB_OK;
	if (len > RTNL_REQUEST_MAX / 2) {
		errno = EMSGSIZE;
		return MNL_CB_ERROR;
	}
	a = malloc(sizeof(*a) + len);
	if (!a)
		return MNL_CB_ERROR;
	*a = (struct address){.len = (uint16_t)len};
	memcpy(a->msg, m, len);
	*d->end = a; /* in the kernel's order: the first of a subnet is the primary one */
	d->end = &a->next;
	return MNL_CB_OK;
}

static int note_addresses(struct mnl_socket *nl, struct ns_moved *d)
{
	char buf[RTNL_REQUEST_MAX];
	struct nlmsghdr *head = rtnl_request(buf, RTM_GETADDR, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(head, sizeof(struct ifaddrmsg));
	return rtnl_ask(nl, head, on_address, d);
}

/* "eth0:web" of a device that is now called net1 becomes "net1:web". */
static void put_label(struct nlmsghdr *head, const char *label, const char *old_name, const char *new_name)
{
	size_t n = strlen(old_name);
	char text[IFNAMSIZ + 1];

	if (strncmp(label, old_name, n) != 0 || (label[n] && label[n] != ':'))
		return;
	if (snprintf(text, sizeof(text), "%s%s", new_name, label + n) < IFNAMSIZ)
		mnl_attr_put_strz(head, IFA_LABEL, text);
}

static int add_address(struct mnl_socket *nl, struct address *a, int index, const char *old_name, const char *new_name)
{
	char buf[RTNL_REQUEST_MAX];
	struct nlmsghdr *head = rtnl_request(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(head, sizeof(*m));
	void *attrs = a->msg + sizeof(*m);
	struct nlattr *attr;
	uint32_t flags;

	memcpy(m, a->msg, sizeof(*m));
	flags = m->ifa_flags;
	mnl_attr_for_each_payload(attrs, a->len - sizeof(*m))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IFA_FLAGS)
			flags = mnl_attr_get_u32(attr);
		else if (type == IFA_LABEL)
			put_label(head, mnl_attr_get_str(attr), old_name, new_name);
		else if (type != IFA_CACHEINFO) /* permanent: without lifetimes */
			mnl_attr_put(head, type, mnl_attr_get_payload_len(attr), mnl_attr_get_payload(attr));
	}
	m->ifa_index = (unsigned int)index;
	m->ifa_flags = (uint8_t)(flags & ASKED_FOR);
	mnl_attr_put_u32(head, IFA_FLAGS, flags & ASKED_FOR);
	return rtnl_ask(nl, head, NULL, NULL);
}

static int add_addresses(struct mnl_socket *nl, const struct ns_moved *d, int index, const char *old_name,
			 const char *new_name)
{
	for (struct address *a = d->addresses; a; a = a->next) {
		int r = add_address(nl, a, index, old_name, new_name);

		if (r < 0)
			return r;
	}
	return 0;
}

/* up: only brought up. Else down, under this name, and into the namespace netns_fd (-1: it stays). */
static int change_link(struct mnl_socket *nl, int index, bool up, const char *name, int netns_fd)
{
	char buf[RTNL_REQUEST_MAX];
	struct nlmsghdr *head = rtnl_request(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));

	link->ifi_index = index;
	if (up)
		link->ifi_change = link->ifi_flags = IFF_UP;
	if (netns_fd >= 0)
		mnl_attr_put_u32(head, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	if (name)
		mnl_attr_put_strz(head, IFLA_IFNAME, name);
	return rtnl_ask(nl, head, NULL, NULL);
}

static int fail(int r, const struct ns_moved *d, const char *what, struct err *e)
{
	errno = -r;
	err_errno(e, "%s", what);
	return err_ctx(e, "linux.netDevices[\"%s\"]", d->host_name);
}

/* In two steps, since the index and, of a template, the name there are the kernel's choice: the device arrives under a
 * name that nobody else has, is found by it, and then gets the one that was asked for. */
static int move(struct mnl_socket *here, struct mnl_socket *there, int netns_fd, const char *wanted, struct ns_moved *d,
		struct err *e)
{
	char passage[IFNAMSIZ];
	struct link_facts link;
	int r;

	r = find_link(here, d->host_name, 0, &link);
	if (r < 0)
		return fail(r, d, "find it in the runtime's network namespace", e);
	d->host_index = link.index;
	d->was_up = link.flags & IFF_UP;
	if (!strchr(wanted, '%') && find_link(there, wanted, 0, &link) == 0) {
		err_set(e, EEXIST,
			"the container's network namespace has a device '%s' already; set another name, or one "
			"with %%d in it",
			wanted);
		return err_ctx(e, "linux.netDevices[\"%s\"]", d->host_name);
	}
	r = note_addresses(here, d);
	if (r < 0)
		return fail(r, d, "read its addresses", e);
	snprintf(passage, sizeof(passage), "jr%x.%x", (unsigned int)getpid() & 0xffffff,
		 (unsigned int)d->host_index & 0xfffff);
	r = change_link(here, d->host_index, false, passage, netns_fd);
	if (r < 0)
		return fail(r, d,
			    "move it into the container's network namespace (EINVAL: a device of its kind stays "
			    "in its namespace)",
			    e);
	d->moved = true;
	snprintf(d->name, sizeof(d->name), "%s", passage);
	r = find_link(there, passage, 0, &link);
	d->index = link.index;
	if (r == 0)
		r = change_link(there, d->index, false, wanted, -1);
	if (r == 0)
		r = find_link(there, NULL, d->index, &link);
	if (r < 0)
		return fail(r, d, "give it its name in the container's network namespace", e);
	snprintf(d->name, sizeof(d->name), "%s", link.name);
	r = change_link(there, d->index, true, NULL, -1);
	if (r < 0)
		return fail(r, d, "bring it up", e);
	r = add_addresses(there, d, d->index, d->host_name, d->name);
	return r < 0 ? fail(r, d, "give it its addresses back", e) : 0;
}

/* ---- all of them ---- */

/* The namespace that the devices go to: the one to be joined, or the new one of the container's process. */
static int target_netns(const struct ns_plan *p, const struct ns_run *r, pid_t pid, struct err *e)
{
	char path[40];
	struct stat own, st;
	int fd;

	if (p->join[NS_NETWORK])
		fd = fcntl(r->join_fds[NS_NETWORK], F_DUPFD_CLOEXEC, 3);
	else {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return err_errno(e, "open the container's network namespace");
	if (stat("/proc/self/ns/net", &own) == 0 && fstat(fd, &st) == 0 && own.st_ino == st.st_ino &&
	    own.st_dev == st.st_dev) {
		close(fd);
		err_set(e, EINVAL, "the network namespace to join is the runtime's own: the devices are there");
		return err_ctx(e, "linux.netDevices");
	}
	return fd;
}

int ns_net_devices(const struct ns_plan *p, struct ns_run *r, pid_t pid, struct err *e)
{
	const struct spec_linux *l = &p->config->linux_;
	struct mnl_socket *here = NULL, *there = NULL;
	int result;

	r->netns_fd = target_netns(p, r, pid, e);
	if (r->netns_fd < 0)
		return r->netns_fd;
	r->moved = calloc(l->n_net_devices, sizeof(*r->moved));
	if (!r->moved)
		return err_set(e, ENOMEM, "out of memory");
	result = rtnl_open(-1, &here, e);
	if (result == 0)
		result = rtnl_open(r->netns_fd, &there, e);
	for (size_t i = 0; result == 0 && i < l->n_net_devices; i++) {
		struct ns_moved *d = &r->moved[r->n_moved++];

		d->host_name = l->net_devices[i].host_name;
		d->end = &d->addresses;
		result = move(here, there, r->netns_fd, name_inside(&l->net_devices[i]), d, e);
	}
	if (here)
		mnl_socket_close(here);
	if (there)
		mnl_socket_close(there);
	return result;
}

/* Back under its old name, up as it was, with its addresses. Routes through it went when it left. */
static int move_back(struct mnl_socket *here, struct mnl_socket *there, int own_fd, const struct ns_moved *d)
{
	struct link_facts link;
	int r = find_link(there, d->name, 0, &link);

	if (r == 0)
		r = change_link(there, link.index, false, d->host_name, own_fd);
	if (r == 0)
		r = find_link(here, d->host_name, 0, &link);
	if (r == 0 && d->was_up)
		r = change_link(here, link.index, true, NULL, -1);
	return r < 0 ? r : add_addresses(here, d, link.index, d->host_name, d->host_name);
}

void ns_net_devices_undo(struct ns_run *r)
{
	AUTO_CLOSE int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct mnl_socket *here = NULL, *there = NULL;
	struct err e = {0};
	int result = 0;

	if (r->netns_fd < 0 || own < 0)
		return;
	if (rtnl_open(-1, &here, &e) == 0)
		rtnl_open(r->netns_fd, &there, &e);
	for (size_t i = r->n_moved; here && there && i > 0; i--) {
		const struct ns_moved *d = &r->moved[i - 1];

		if (d->moved && (result = move_back(here, there, own, d)) < 0)
			log_warn("linux.netDevices[\"%s\"]: take it back from the container: %s", d->host_name,
				 strerror(-result));
	}
	if (e.code)
		log_warn("linux.netDevices: take them back from the container: %s", e.text);
	if (here)
		mnl_socket_close(here);
	if (there)
		mnl_socket_close(there);
}

void net_devices_close(struct ns_run *r)
{
	for (size_t i = 0; i < r->n_moved; i++) {
		struct address *next;

		for (struct address *a = r->moved[i].addresses; a; a = next) {
			next = a->next;
			free(a);
		}
	}
	free(r->moved);
	r->moved = NULL;
	r->n_moved = 0;
	fd_close_p(&r->netns_fd);
}
