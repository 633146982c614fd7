/* SPDX-License-Identifier: Apache-2.0 */
/* The agent that answers the calls of SCMP_ACT_NOTIFY (config-linux.md, Seccomp: listenerPath). */
#ifndef RUNTIME_AGENT_H
#define RUNTIME_AGENT_H

#include "base/base.h"
#include "spec/spec.h"

/* Answers WIRE_LISTENER: m came over sock, with the pidfd of a process that is about to load a filter. Connects to the agent
 * at s->seccomp_listener_path, lets the process go on, fetches the listener from it, and sends that to the agent with the
 * container process state, in which the container is `status`. Only then the process can execute its program: on failure it is
 * killed. Returns 0, also when the process failed meanwhile (its last word is waiting in sock); -errno. */
int rt_agent_introduce(const struct spec_state *s, enum spec_status status, int sock, const struct wire *m, int pidfd,
		       struct err *e);

#endif
