/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options and destinations: lines of text. The first is the destination, the second the type, the others options.
 * Whatever they are, the plan holds what it promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "namespaces/namespaces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 64

static void check(const struct ns_mount *m)
{
	const uint64_t others = ~(uint64_t)MOUNT_ATTR__ATIME;

	if (m->destination[0] != '/' || strstr(m->destination, "/../") || strstr(m->destination, "//"))
		abort();
	/* A bit is set or cleared, never both, but for the field of atime. */
	if (m->attr_set & m->attr_clr & others || m->attr_rec_set & m->attr_rec_clr & others)
		abort();
	if ((m->attr_set & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME)
		abort();
	if (m->kind == NS_MNT_BIND && (!m->source || m->source[0] != '/' || m->fs_options.n))
		abort();
	if (m->kind != NS_MNT_REMOUNT && path_is_below(m->destination, "/proc/self"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ns_facts facts = {.kernel_has = {true, true, true, true, true, true, true, true}, .has_cgroup2 = true};
	struct arena a = {0};
	char *text = arena_strndup(&a, (const char *)data, size), *lines[LINES_MAX], *line;
	struct spec_mount mount = {.source = "src"};
	struct spec_config c = {.mounts = &mount, .n_mounts = 1};
	struct ns_plan plan;
	struct err e = {0};
	size_t n = 0;

	while (n < LINES_MAX && (line = str_field(&text, "\n")))
		lines[n++] = line;
	if (n >= 2) {
		mount.destination = lines[0];
		mount.type = *lines[1] ? lines[1] : NULL;
		mount.options = (struct strv){lines + 2, n - 2};
		c.root.set = true;
		c.root.path = "rootfs";
		c.linux_.namespaces[NS_MOUNT].set = true;
		if (ns_plan(&c, &facts, "/b", false, &a, &plan, &e) == 0) {
			AUTO_BUF out = {0};
			struct jsonw w = {.out = &out};

			check(plan.mounts);
			ns_plan_print(&plan, &w, NULL);
		} else if (!e.code || !e.text[0]) {
			abort();
		}
	}
	arena_free(&a);
	return 0;
}
