/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "jsonw.h"
#include "proc.h"
#include "str.h"

static struct {
	int fd;
	bool json, debug;
} logging = {.fd = -1};

void log_setup(int fd, bool json, bool debug)
{
	logging.fd = fd;
	logging.json = json;
	logging.debug = debug;
}

static void record(int fd, const char *level, const char *text)
{
	AUTO_BUF line = {0};
	char when[NOW_UTC_SIZE];

	now_utc(when, 0);
	if (logging.json) {
		struct jsonw w = {.out = &line};

		jw_object(&w, NULL);
		jw_str(&w, "level", level);
		jw_str(&w, "msg", text);
		jw_str(&w, "time", when);
		jw_object_end(&w);
	} else {
		buf_printf(&line, "time=\"%s\" level=%s msg=", when, level);
		jw_str(&(struct jsonw){.out = &line}, NULL, text);
	}
	buf_str(&line, fd_line_end(fd));
	if (!line.failed)
		(void)fd_write_all(fd, line.data, line.len);
}

__attribute__((format(printf, 4, 0))) static void say(const char *level, const char *prefix, bool file, const char *fmt,
						      va_list ap)
{
	int saved = errno;
	char text[2048];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (file && logging.fd >= 0)
		record(logging.fd, level, text);
	dprintf(STDERR_FILENO, "jailrun: %s%s%s", prefix, text, fd_line_end(STDERR_FILENO));
	errno = saved;
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", "", true, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning", "warning: ", logging.debug, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	int saved = errno;
	char text[2048];
	va_list ap;

	if (!logging.debug)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	record(logging.fd >= 0 ? logging.fd : STDERR_FILENO, "debug", text);
	errno = saved;
}
