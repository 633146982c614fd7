/* SPDX-License-Identifier: Apache-2.0 */
/* How a failure is told. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper.h"

void helper_fail(struct helper *h, struct err *e)
{
	struct wire m = {.kind = WIRE_ERR, .err = *e};

	if (h->sock >= 0)
		wire_send(h->sock, &m, -1);
	_exit(1);
}
