/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "commands.h"

/* cli/completion/embed.S: the files beside it. */
extern const char rt_completion_bash[], rt_completion_zsh[], rt_completion_fish[];

int cmd_completion(struct rt_call *c, struct err *e)
{
	static const struct {
		const char *shell, *script;
	} shells[] = {{"bash", rt_completion_bash}, {"zsh", rt_completion_zsh}, {"fish", rt_completion_fish}};

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		AUTO_BUF out = {0};

		if (!str_eq(shells[i].shell, c->args[0]))
			continue;
		buf_str(&out, shells[i].script);
		return rt_print(&out, e);
	}
	return err_set(e, EINVAL, "completion: no script for the shell '%s': it takes bash, zsh or fish", c->args[0]);
}
