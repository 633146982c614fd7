/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/cgroups.h"
#include "cli.h"
#include "jail/jail.h"
#include "spec/spec.h"

void rt_version(struct buf *out)
{
	struct spec_features f = {0};
	struct arena a = {0};

	jail_features(&a, &f);
	/* Docker reads every line and takes what follows the word "version": there is one such line only. */
	buf_printf(out, "jailrun version %s\ncommit: %s\nspec: %s\n", PACKAGE_VERSION, JAILRUN_COMMIT, SPEC_VERSION);
	buf_printf(out, "cgroups: cgroupfs%s\n", cg_has_systemd() ? " systemd" : "");
	if (f.libseccomp)
		buf_printf(out, "libseccomp: %s\n", f.libseccomp);
	arena_free(&a);
}
