/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: units of systemd and their properties. */
#ifndef CGROUPS_UNIT_H
#define CGROUPS_UNIT_H

#include "cgroups/cgroups.h"

/* D-Bus types of properties: b, i, t, s, as, ay, a(st). */
enum cg_kind { KIND_BOOL, KIND_INT32, KIND_UINT64, KIND_STRING, KIND_STRINGS, KIND_BYTES, KIND_DEVICE };

#define CG_NO_LIMIT UINT64_MAX /* systemd's "infinity" */

struct cg_property {
	const char *name;
	enum cg_kind kind;
	unsigned int since; /* the version of systemd that knows it; an older one is not told */
	uint64_t number;    /* of bool, int32, uint64, and for a device */
	const char *text;   /* the string, or the device: "/dev/block/8:0" */
	struct strv list;
	const uint8_t *bytes;
	size_t n_bytes;
};

/* Pure. The unit of linux.cgroupsPath ("slice:prefix:name" or NULL), its slice, and the cgroup's path into p. Returns 0, -EINVAL,
 * -ENOTSUP, -ENOMEM. */
int cg_plan_unit(const char *wanted, const struct cg_facts *f, const char *id, struct arena *a, struct cg_plan *p,
		 struct err *e);
/* Whether the unit is a scope and not a slice: it is given processes, and all below its cgroup is the container's. */
bool cg_is_scope(const struct cg_unit *unit);
/* Pure. The properties that the unit of p has by itself and by annotations, into p. Returns 0, -EINVAL, -EPERM, -ENOMEM. */
int cg_plan_properties(const struct spec_map *annotations, const char *id, struct arena *a, struct cg_plan *p,
		       struct err *e);

/* Pure. The properties that say what the writes of p into the unit's own cgroup say; what systemd has no word for is left
 * out. A later write wins over an earlier one. own: those of cg_plan_properties come first. Returns their number, or -ENOMEM. */
int cg_properties_of(const struct cg_plan *p, bool own, struct arena *a, struct cg_property **ret, struct err *e);
/* Puts one into a list of n, in the place of what it replaces. Returns the new number. */
size_t cg_property_put(struct cg_property *list, size_t n, struct cg_property p);

/* Pure. The annotation org.systemd.property.KEY as a property: value is a GVariant in its text form. An annotation is
 * untrusted: what could start, stop or free anything is refused. Returns 0, -EPERM, -EINVAL, -ENOMEM; e is without the
 * annotation's name. */
#define CG_ANNOTATION "org.systemd.property."
int cg_property_of_annotation(const char *key, const char *value, struct arena *a, struct cg_property *ret,
			      struct err *e);

/* The value as text, for `plan`. */
void cg_property_print(const struct cg_property *p, struct jsonw *w);

/* ---- scope.c ---- */

/* Starts the unit of p, with a holder in it when it is a scope. Returns 0 or -errno; on failure nothing is left. */
int cg_unit_start(const struct cg_plan *p, struct cg_run *r, struct err *e);
/* Ends the holder, if there is one. */
void cg_unit_unhold(struct cg_run *r);
/* Tells the unit what p has written into its cgroup. Returns 0 or -errno: all or nothing. */
int cg_unit_set(const struct cg_unit *unit, const struct cg_plan *p, struct arena *a, struct err *e);

#endif
