/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: a connection to a manager of units, org.freedesktop.systemd1(5). */
#ifndef CGROUPS_BUS_H
#define CGROUPS_BUS_H

#include "cgroups/systemd/unit.h"

struct cg_bus;
#define AUTO_BUS __attribute__((cleanup(cg_bus_close_p))) struct cg_bus

/* Connects to the system's manager or the user's. Returns 0; -ENOTSUP where libsystemd is not there; -errno, and e says which
 * sockets were tried and what to do. */
int cg_bus_open(bool user, struct cg_bus **ret, struct err *e);
void cg_bus_close_p(struct cg_bus **b);

/* Starts a transient unit with pid in it (0: none) and waits until that is done. Returns 0; -EEXIST, and e is left alone, when a
 * unit of that name is loaded; -errno. */
int cg_bus_start(struct cg_bus *b, const char *unit, const struct cg_property *list, size_t n, pid_t pid,
		 struct err *e);
/* Stops a unit and waits until that is done; one that is not loaded is 0. */
int cg_bus_stop(struct cg_bus *b, const char *unit, struct err *e);
/* Forgets that a unit has failed, so that nothing of it stays loaded. What systemd says to it does not matter. */
void cg_bus_reset(struct cg_bus *b, const char *unit);
/* Sets properties of a running unit until it ends (runtime): all of them or none. */
int cg_bus_set(struct cg_bus *b, const char *unit, const struct cg_property *list, size_t n, struct err *e);

#endif
