/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, a file each. commands.c is the table that names them, with their options. */
#ifndef RUNTIME_COMMANDS_H
#define RUNTIME_COMMANDS_H

#include "runtime/cli/cli.h"

extern const struct rt_table rt_commands;

/* Each returns the exit status of the call (0; of a foreground run: that of the container) or -errno. */
int cmd_complete(struct rt_call *c, struct err *e);
int cmd_completion(struct rt_call *c, struct err *e);
int cmd_create(struct rt_call *c, struct err *e);
int cmd_delete(struct rt_call *c, struct err *e);
int cmd_doctor(struct rt_call *c, struct err *e);
int cmd_events(struct rt_call *c, struct err *e);
int cmd_exec(struct rt_call *c, struct err *e);
int cmd_features(struct rt_call *c, struct err *e);
int cmd_help(struct rt_call *c, struct err *e);
int cmd_install(struct rt_call *c, struct err *e);
int cmd_kill(struct rt_call *c, struct err *e);
int cmd_life(struct rt_call *c, struct err *e);
int cmd_list(struct rt_call *c, struct err *e);
int cmd_pause(struct rt_call *c, struct err *e);
int cmd_plan(struct rt_call *c, struct err *e);
int cmd_policy(struct rt_call *c, struct err *e);
int cmd_policy_check(struct rt_call *c, struct err *e);
int cmd_policy_diff(struct rt_call *c, struct err *e);
int cmd_policy_explain(struct rt_call *c, struct err *e);
int cmd_policy_import(struct rt_call *c, struct err *e);
int cmd_policy_learn(struct rt_call *c, struct err *e);
int cmd_policy_lint(struct rt_call *c, struct err *e);
int cmd_policy_names(struct rt_call *c, struct err *e);
int cmd_policy_test(struct rt_call *c, struct err *e);
int cmd_policy_test_failure(const struct rt_call *c, bool mistaken);
int cmd_policy_update_check(struct rt_call *c, struct err *e);
int cmd_ps(struct rt_call *c, struct err *e);
int cmd_resume(struct rt_call *c, struct err *e);
int cmd_run(struct rt_call *c, struct err *e);
int cmd_run_failure(const struct rt_call *c, bool mistake);
int cmd_spec(struct rt_call *c, struct err *e);
int cmd_start(struct rt_call *c, struct err *e);
int cmd_state(struct rt_call *c, struct err *e);
int cmd_update(struct rt_call *c, struct err *e);

#endif
