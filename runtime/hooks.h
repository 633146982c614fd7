/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of config.json (config.md, POSIX-platform Hooks), in whatever namespaces the caller is in. */
#ifndef RUNTIME_HOOKS_H
#define RUNTIME_HOOKS_H

#include "base/base.h"
#include "spec/spec.h"

/* Runs the hooks of one kind in order, each with its own args and env alone, with state_json on stdin, and in the directory
 * cwd (the bundle; where it cannot be entered, in the caller's). Stops at the first
 * that fails: non-zero exit, death by a signal, longer than its timeout (it and its process group are killed). The error
 * names "hooks.prestart[2]" with the path, the status and the end of what it wrote to stdout and stderr. Returns 0 or
 * -errno (-ECANCELED for a hook that failed by itself, -ETIMEDOUT). */
int rt_hooks_run(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *cwd, const char *state_json,
		 struct err *e);

/* As rt_hooks_run, for poststop (runtime.md, Lifecycle): a failure is logged as a warning, and the next one is run. */
void rt_hooks_run_all(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *cwd,
		      const char *state_json);

#endif
