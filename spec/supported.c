/* SPDX-License-Identifier: Apache-2.0 */
/* What is parsed but not applied yet: refused by name, never ignored. What has no effect, as engines write it ("blockIO":
 * {}), passes. */
#include <errno.h>

#include "field.h"

#define USED(name, expr)                                                                                               \
	static bool name(const struct spec_config *c)                                                                  \
	{                                                                                                              \
		const struct spec_process *p = &c->process;                                                            \
		const struct spec_linux *l = &c->linux_;                                                               \
                                                                                                                       \
		(void)p, (void)l;                                                                                      \
		return expr;                                                                                           \
	}
USED(scheduler, p->scheduler.set)
USED(io_priority, p->io_priority.set)
USED(apparmor, p->apparmor_profile != NULL)
USED(selinux, p->selinux_label != NULL)
USED(mount_label, l->mount_label != NULL)
USED(memory_policy, l->memory_policy.set)
USED(personality, l->personality.set && (!str_eq(l->personality.domain, "LINUX") || l->personality.flags.n))

static const struct {
	const char *path;
	bool (*used)(const struct spec_config *c);
	const char *hint; /* instead of "remove it", or NULL */
} not_applied[] = {
    {"process.scheduler", scheduler},   {"process.ioPriority", io_priority}, {"process.apparmorProfile", apparmor},
    {"process.selinuxLabel", selinux},  {"linux.mountLabel", mount_label},   {"linux.memoryPolicy", memory_policy},
    {"linux.personality", personality},
};

static int refuse(struct err *e, const char *path, const char *hint)
{
	struct err own = {0};

	err_set(&own, ENOTSUP, "parsed, but this version of jailrun does not apply it yet; %s",
		hint ? hint : "remove it");
	err_ctx(&own, "config.json: %s", path);
	if (e && !e->code)
		*e = own;
	return -ENOTSUP;
}

int spec_config_supported(const struct spec_config *c, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(not_applied); i++)
		if (not_applied[i].used(c))
			return refuse(e, not_applied[i].path, not_applied[i].hint);
	return 0;
}
