/* SPDX-License-Identifier: Apache-2.0 */
#include "err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME(x) [x] = #x
static const char *const names[] = {
    NAME(EPERM),        NAME(ENOENT),          NAME(ESRCH),        NAME(EINTR),        NAME(EIO),
    NAME(ENXIO),        NAME(E2BIG),           NAME(ENOEXEC),      NAME(EBADF),        NAME(ECHILD),
    NAME(EAGAIN),       NAME(ENOMEM),          NAME(EACCES),       NAME(EFAULT),       NAME(ENOTBLK),
    NAME(EBUSY),        NAME(EEXIST),          NAME(EXDEV),        NAME(ENODEV),       NAME(ENOTDIR),
    NAME(EISDIR),       NAME(EINVAL),          NAME(ENFILE),       NAME(EMFILE),       NAME(ENOTTY),
    NAME(ETXTBSY),      NAME(EFBIG),           NAME(ENOSPC),       NAME(ESPIPE),       NAME(EROFS),
    NAME(EMLINK),       NAME(EPIPE),           NAME(EDOM),         NAME(ERANGE),       NAME(EDEADLK),
    NAME(ENAMETOOLONG), NAME(ENOLCK),          NAME(ENOSYS),       NAME(ENOTEMPTY),    NAME(ELOOP),
    NAME(ENODATA),      NAME(ETIME),           NAME(EPROTO),       NAME(EBADMSG),      NAME(EOVERFLOW),
    NAME(EUSERS),       NAME(ENOTSOCK),        NAME(EDESTADDRREQ), NAME(EMSGSIZE),     NAME(EPROTOTYPE),
    NAME(ENOPROTOOPT),  NAME(EOPNOTSUPP),      NAME(EAFNOSUPPORT), NAME(EADDRINUSE),   NAME(EADDRNOTAVAIL),
    NAME(ENETDOWN),     NAME(ENETUNREACH),     NAME(ECONNABORTED), NAME(ECONNRESET),   NAME(ENOBUFS),
    NAME(EISCONN),      NAME(ENOTCONN),        NAME(ETIMEDOUT),    NAME(ECONNREFUSED), NAME(EHOSTUNREACH),
    NAME(EALREADY),     NAME(EINPROGRESS),     NAME(ESTALE),       NAME(EDQUOT),       NAME(ECANCELED),
    NAME(EKEYEXPIRED),  NAME(EKEYREVOKED),     NAME(EKEYREJECTED), NAME(ENOKEY),       NAME(ELIBACC),
    NAME(ELIBBAD),      NAME(EPROTONOSUPPORT), NAME(ENOMEDIUM),    NAME(EMEDIUMTYPE),
};

const char *errno_name(int code)
{
	size_t n = sizeof(names) / sizeof(names[0]);

	return code > 0 && (size_t)code < n && names[code] ? names[code] : "E?";
}

int errno_number(const char *name)
{
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return (int)i;
	return 0;
}

__attribute__((format(printf, 3, 0))) static void vset(struct err *e, int code, const char *fmt, va_list ap)
{
	e->code = code;
	e->step[0] = e->path[0] = '\0';
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (code <= 0)
		code = EIO;
	if (!e || e->code)
		return -code;
	va_start(ap, fmt);
	vset(e, code, fmt, ap);
	va_end(ap);
	return -code;
}

int err_errno(struct err *e, const char *fmt, ...)
{
	int code = errno ? errno : EIO;
	va_list ap;
	size_t n;

	if (!e || e->code)
		return -code;
	va_start(ap, fmt);
	vset(e, code, fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s (%s)", strerror(code), errno_name(code));
	return -code;
}

/* "new" + joint + what was there; no joint before nothing. */
__attribute__((format(printf, 4, 0))) static void put_before(char *at, size_t size, const char *joint, const char *fmt,
							     va_list ap)
{
	char old[sizeof(((struct err *)NULL)->text)];
	size_t n;

	snprintf(old, sizeof(old), "%s", at);
	vsnprintf(at, size, fmt, ap);
	n = strlen(at);
	if (old[0])
		snprintf(at + n, size - n, "%s%s", joint, old);
}

int err_ctx(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || !e->code)
		return -EIO;
	va_start(ap, fmt);
	put_before(e->path, sizeof(e->path), e->path[0] == '[' ? "" : ".", fmt, ap);
	va_end(ap);
	return -e->code;
}

int err_before(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || !e->code)
		return -EIO;
	va_start(ap, fmt);
	put_before(e->text, sizeof(e->text), "", fmt, ap);
	va_end(ap);
	return -e->code;
}

int err_after(struct err *e, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (!e || !e->code)
		return -EIO;
	n = strlen(e->text);
	va_start(ap, fmt);
	vsnprintf(e->text + n, sizeof(e->text) - n, fmt, ap);
	va_end(ap);
	return -e->code;
}

int err_no_room(struct err *e, const char *dir)
{
	if (e && (e->code == ENOSPC || e->code == EDQUOT))
		return err_after(e, ": make room in '%.255s'", dir);
	return e ? -e->code : -EIO;
}

__attribute__((format(printf, 2, 3))) static void put_file(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_before(e->path, sizeof(e->path), ": ", fmt, ap);
	va_end(ap);
}

int err_file(struct err *e, const char *file)
{
	if (!e || !e->code)
		return -EIO;
	put_file(e, "%.120s", file);
	return -e->code;
}

char *err_str(const struct err *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s%s%s%s", e->path, e->path[0] ? ": " : "", e->text, e->step[0] ? " (step " : "",
		 e->step, e->step[0] ? ")" : "");
	return buf;
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
