/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "internal.h"

int ns_uts(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const struct spec_config *c = p->config;

	(void)r;
	if (c->hostname && *c->hostname && sethostname(c->hostname, strlen(c->hostname)) < 0) {
		err_errno(e, "sethostname '%.80s'", c->hostname);
		return err_ctx(e, "hostname");
	}
	if (c->domainname && *c->domainname && setdomainname(c->domainname, strlen(c->domainname)) < 0) {
		err_errno(e, "setdomainname '%.80s'", c->domainname);
		return err_ctx(e, "domainname");
	}
	return 0;
}
