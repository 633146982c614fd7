/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/cgroups.h"
#include "commands.h"
#include "jail/jail.h"
#include "namespaces/namespaces.h"
#include "spec/spec.h"

int cmd_features(struct rt_call *c, struct err *e)
{
	struct spec_features f = {.version = PACKAGE_VERSION, .commit = JAILRUN_COMMIT, .systemd = cg_has_systemd()};
	AUTO_BUF out = {0};

	jail_features(&c->arena, &f);
	ns_mount_options(&c->arena, &f.mount_options);
	spec_features_print(&f, &out);
	return rt_print(&out, e);
}
