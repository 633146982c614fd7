/* SPDX-License-Identifier: Apache-2.0 */
/* From linux.resources to what will be written: the properties that are lists or maps. Pure: no system calls. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "cgroups/limits/limits.h"

/* ---- huge pages ---- */

/* Both accounts, as runc: that of pages in use, and that of reservations, which older kernels (before 5.7) do not have.
 * Kubernetes writes a limit of 0 for each page size of the host that a pod does not ask for; where there is no controller or
 * no such page size, nothing is asked that could be had, and nothing is refused. */
static int huge_pages(struct planning *pl)
{
	for (size_t i = 0; i < pl->r->n_hugepages; i++) {
		const struct spec_hugepage *h = &pl->r->hugepages[i];
		const int ask = h->limit ? ASK_WRITE : ASK_DEFAULT;
		struct cg_write w = {
		    .file = arena_printf(pl->a, "hugetlb.%s.max", h->page_size),
		    .value = arena_printf(pl->a, "%" PRIu64, h->limit),
		    .controller = "hugetlb",
		    .field = arena_printf(pl->a, "hugepageLimits[%zu]", i),
		    .optional = !h->limit,
		};
		int n = cg_plan_add(pl, ask, w);

		w.file = arena_printf(pl->a, "hugetlb.%s.rsvd.max", h->page_size);
		w.optional = true;
		if (n < 0 || (n = cg_plan_add(pl, ask, w)) < 0)
			return n;
	}
	return 0;
}

/* ---- block I/O ---- */

/* A weight goes to the BFQ scheduler where the kernel has it, else to io.weight (10..1000 becomes 1..10000), as from
 * runc and crun. key: "" or "MAJOR:MINOR ". */
static int block_weight(struct planning *pl, const char *field, const char *key, uint64_t weight)
{
	if (weight < 10 || weight > 1000) {
		err_set(pl->e, EINVAL, "%" PRIu64 " is not from 10 to 1000", weight);
		return err_ctx(pl->e, "linux.resources.%s", field);
	}
	return cg_plan_add(pl, ASK_WRITE,
			   (struct cg_write){
			       .file = "io.bfq.weight",
			       .value = arena_printf(pl->a, "%s%" PRIu64, key, weight),
			       .or_file = "io.weight",
			       .or_value = arena_printf(pl->a, "%s%" PRIu64, key, 1 + (weight - 10) * 9999 / 990),
			       .controller = "io",
			       .field = field,
			   });
}

static int block_weights(struct planning *pl)
{
	const struct spec_resources *r = pl->r;
	int n = 0;

	/* Docker and runc write 0 for "not set". */
	if (r->block_io.weight.set && r->block_io.weight.v)
		n = block_weight(pl, "blockIO.weight", "", r->block_io.weight.v);
	for (size_t i = 0; n == 0 && i < r->block_io.n_weight_device; i++) {
		const struct spec_blkio_weight *w = &r->block_io.weight_device[i];
		const char *field = arena_printf(pl->a, "blockIO.weightDevice[%zu]", i);
		const char *key = arena_printf(pl->a, "%" PRId64 ":%" PRId64 " ", w->major, w->minor);

		if (!field || !key)
			return err_set(pl->e, ENOMEM, "out of memory");
		if (w->leaf_weight.set && w->leaf_weight.v) {
			err_set(pl->e, ENOTSUP, "%s", CG_NO_LEAF_WEIGHT);
			return err_ctx(pl->e, "linux.resources.%s.leafWeight", field);
		}
		if (w->weight.set && w->weight.v)
			n = block_weight(pl, field, key, w->weight.v);
	}
	return n;
}

/* A rate of 0 takes the limit off, as in cgroup v1. */
static int block_rates(struct planning *pl)
{
	const struct {
		const char *field, *key;
		const struct spec_blkio_rates *list;
	} all[] = {
	    {"throttleReadBpsDevice", "rbps", &pl->r->block_io.read_bps},
	    {"throttleWriteBpsDevice", "wbps", &pl->r->block_io.write_bps},
	    {"throttleReadIOPSDevice", "riops", &pl->r->block_io.read_iops},
	    {"throttleWriteIOPSDevice", "wiops", &pl->r->block_io.write_iops},
	};

	for (size_t k = 0; k < ARRAY_LEN(all); k++)
		for (size_t i = 0; i < all[k].list->n; i++) {
			const struct spec_blkio_rate *v = &all[k].list->v[i];
			const char *rate = v->rate ? arena_printf(pl->a, "%" PRIu64, v->rate) : "max";
			int n = cg_plan_add(pl, v->rate ? ASK_WRITE : ASK_DEFAULT,
					    (struct cg_write){
						.file = "io.max",
						.value = arena_printf(pl->a, "%" PRId64 ":%" PRId64 " %s=%s", v->major,
								      v->minor, all[k].key, rate),
						.controller = "io",
						.field = arena_printf(pl->a, "blockIO.%s[%zu]", all[k].field, i),
					    });
			if (n < 0)
				return n;
		}
	return 0;
}

/* ---- rdma ---- */

/* The kernel counts in int, and takes its largest for "max". */
static void say_count(struct buf *b, const char *key, struct opt_u64 v)
{
	if (v.set && v.v >= INT_MAX)
		buf_printf(b, " %s=max", key);
	else if (v.set)
		buf_printf(b, " %s=%" PRIu64, key, v.v);
}

static int rdma(struct planning *pl)
{
	for (size_t i = 0; i < pl->r->n_rdma; i++) {
		const struct spec_rdma *v = &pl->r->rdma[i];
		AUTO_BUF value = {0};
		int n;

		if (!*v->device || strpbrk(v->device, " \n")) {
			err_set(pl->e, EINVAL, "'%s' is no name of a device", v->device);
			return err_ctx(pl->e, "linux.resources.rdma");
		}
		buf_str(&value, v->device);
		say_count(&value, "hca_handle", v->hca_handles);
		say_count(&value, "hca_object", v->hca_objects);
		n = cg_plan_add(pl, ASK_WRITE,
				(struct cg_write){
				    .file = "rdma.max",
				    .value = value.failed ? NULL : arena_strdup(pl->a, value.data),
				    .controller = "rdma",
				    .field = arena_printf(pl->a, "rdma[\"%s\"]", v->device),
				});
		if (n < 0)
			return n;
	}
	return 0;
}

/* ---- unified ---- */

/* What jailrun itself writes in the container's life, and what moves or ends processes: no setting of a container. */
static const char *const not_settings[] = {"cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze"};

static int unified_file(struct planning *pl, const struct spec_pair *pair)
{
	const char *field = arena_printf(pl->a, "unified[\"%s\"]", pair->key);
	const size_t len = strcspn(pair->key, ".");
	const char *controller = arena_strndup(pl->a, pair->key, len);
	char *rest = arena_strdup(pl->a, *pair->value ? pair->value : "\n"), *line;
	int n = 0;

	if (!field || !controller || !rest)
		return err_set(pl->e, ENOMEM, "out of memory");
	if (!len || !pair->key[len] || !pair->key[len + 1])
		n = err_set(pl->e, EINVAL, "is no file of a controller: these are called CONTROLLER.NAME");
	for (size_t i = 0; i < ARRAY_LEN(not_settings); i++)
		if (str_eq(pair->key, not_settings[i]))
			n = err_set(pl->e, EINVAL, "is no setting: it moves, stops or ends processes");
	if (n < 0)
		return err_ctx(pl->e, "linux.resources.%s", field);
	if (str_eq(controller, "cgroup"))
		controller = NULL;
	if (str_eq(rest, "\n"))
		return cg_plan_add(pl, ASK_WRITE, (struct cg_write){pair->key, "\n", controller, field});
	/* The kernel takes one line a write. */
	while (n == 0 && (line = str_field(&rest, "\n")))
		if (*line)
			n = cg_plan_add(pl, ASK_WRITE, (struct cg_write){pair->key, line, controller, field});
	return n;
}

/* As in runc and crun, what is written here comes last and so wins over the property for the same file. */
static int unified(struct planning *pl)
{
	int n = 0;

	for (size_t i = 0; n == 0 && i < pl->r->unified.n; i++)
		n = unified_file(pl, &pl->r->unified.v[i]);
	return n;
}

size_t cg_plan_lists_max(const struct spec_resources *r)
{
	size_t n = 2 * r->n_hugepages + 1 + r->block_io.n_weight_device + r->block_io.read_bps.n +
		   r->block_io.write_bps.n + r->block_io.read_iops.n + r->block_io.write_iops.n + r->n_rdma;

	for (size_t i = 0; i < r->unified.n; i++) {
		n++;
		for (const char *p = r->unified.v[i].value; (p = strchr(p, '\n')); p++)
			n++;
	}
	return n;
}

int cg_plan_lists(struct planning *pl)
{
	int (*const all[])(struct planning * pl) = {huge_pages, block_weights, block_rates, rdma, unified};
	int n = 0;

	for (size_t i = 0; n == 0 && i < ARRAY_LEN(all); i++)
		n = all[i](pl);
	return n;
}
