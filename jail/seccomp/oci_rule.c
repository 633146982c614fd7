/* SPDX-License-Identifier: Apache-2.0 */
/* What one rule of linux.seccomp says, for whoever compiles it. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/seccomp.h>

/* The action as libseccomp has it, which are the kernel's own values. */
int oci_action(const char *name, const struct opt_u64 *errno_ret, uint32_t *ret, struct err *e)
{
	const struct word *w = word_find(seccomp_actions, name);
	uint64_t data = errno_ret->set ? errno_ret->v : EPERM;

	if (!w)
		return err_set(e, EINVAL, "'%s' is no action of seccomp", name ? name : "");
	*ret = w->value;
	if (w->value != SECCOMP_RET_ERRNO && w->value != SECCOMP_RET_TRACE)
		return 0;
	if (data > (w->value == SECCOMP_RET_ERRNO ? ERRNO_MAX : UINT16_MAX))
		return err_set(e, EINVAL, "errnoRet %llu is too large", (unsigned long long)data);
	*ret |= (uint32_t)data;
	return 0;
}

/* runc's reading: conditions on one argument twice are alternatives, and then so are all of the rule. */
bool rule_has_alternatives(const struct spec_seccomp_rule *s)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < s->n_args && s->args[i].index < 32; i++) {
		if (seen >> s->args[i].index & 1)
			return true;
		seen |= 1u << s->args[i].index;
	}
	return false;
}
