/* SPDX-License-Identifier: Apache-2.0 */
/* How a failure is told. */
#include <ctype.h>
#include <errno.h>
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

const char *go_strerror(int code, char *buf, size_t size)
{
	if (code == ELOOP)
		return "too many levels of symbolic links";
	if (code == ENOMEM)
		return "cannot allocate memory";
	snprintf(buf, size, "%s", strerror(code));
	buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}
