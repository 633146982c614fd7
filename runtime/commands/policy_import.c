/* SPDX-License-Identifier: Apache-2.0 */
/* policy import: a policy out of what is written for others. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "commands.h"
#include "jail/jail.h"

/* What both Docker and Podman give to a container that asks for nothing. */
static const char *const usual_caps[] = {
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",     "CAP_FOWNER",           "CAP_SETGID", "CAP_SETUID",
    "CAP_SETPCAP", "CAP_SETFCAP",      "CAP_SYS_CHROOT", "CAP_NET_BIND_SERVICE", "CAP_KILL",
};

static bool has_call(const char *name)
{
	struct jail_call call;
	struct err what = {0};
	uint32_t abi;

	return jail_abi_find("native", &abi, &what) == 0 && jail_call_named(abi, name, &call, &what) == 0;
}

static int take_cap(struct rt_call *c, const char *word, struct strv *ret, struct err *e)
{
	char *name = arena_printf(&c->arena, "%s%s", strncasecmp(word, "CAP_", 4) == 0 ? "" : "CAP_", word);
	const char *near;

	if (!name)
		return err_set(e, ENOMEM, "out of memory");
	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	near = jail_cap_nearest(word);
	if (jail_cap_number(name) < 0)
		return err_set(e, EINVAL, "--caps: '%s' is no capability%s%s%s", word, near ? "; did you mean " : "",
			       near ? near : "", near ? "?" : "");
	ret->v[ret->n++] = name;
	return 0;
}

static int take_caps(struct rt_call *c, struct strv *ret, struct err *e)
{
	char *list = c->o.caps ? arena_strdup(&c->arena, c->o.caps) : NULL, *word;
	size_t most = c->o.caps ? strlen(c->o.caps) : 0;
	int r = 0;

	ret->v = arena_alloc(&c->arena, (most + 64 + 1) * sizeof(char *));
	if (!ret->v || (c->o.caps && !list))
		return err_set(e, ENOMEM, "out of memory");
	if (!list) {
		for (size_t i = 0; i < ARRAY_LEN(usual_caps); i++)
			ret->v[ret->n++] = (char *)usual_caps[i];
	} else if (strcasecmp(list, "all") == 0) {
		for (int cap = 0; cap < 64; cap++)
			if (jail_cap_name(cap))
				ret->v[ret->n++] = (char *)jail_cap_name(cap);
	} else if (strcasecmp(list, "none") != 0) {
		while (r == 0 && (word = str_field(&list, ",")))
			r = *word ? take_cap(c, word, ret, e) : 0;
	}
	return r;
}

static int take_kernel(const char *version, unsigned int ret[2], struct err *e)
{
	struct utsname u;
	const char *s = version;

	if (!s) {
		if (uname(&u) < 0)
			return err_errno(e, "uname");
		s = u.release;
	}
	if (sscanf(s, "%u.%u", &ret[0], &ret[1]) != 2)
		return err_set(e, EINVAL, "--kernel: '%s' is no version such as 6.1", s);
	return 0;
}

static int take_from(const char *word, enum spec_import_from *ret, struct err *e)
{
	for (enum spec_import_from from = IMPORT_GUESS; word && spec_import_name(from); from++)
		if (str_eq(spec_import_name(from), word))
			*ret = from;
	return word && !*ret ? err_set(e, EINVAL, "--from: '%s' is none of its forms", word) : 0;
}

static int take_arch(struct rt_call *c, const char **ret, struct err *e)
{
	const char *arch = c->o.arch ? c->o.arch : "native";
	const char *name;
	char *own;
	uint32_t abi;

	/* As Go says it, whose words the engines have. */
	arch = str_eq(arch, "amd64") ? "x86_64" : str_eq(arch, "arm64") ? "aarch64" : arch;
	if (jail_abi_find(arch, &abi, e) < 0)
		return err_ctx(e, "--arch");
	name = jail_abi_name(abi, &c->arena);
	own = name ? arena_printf(&c->arena, "SCMP_ARCH_%s", name) : NULL;
	for (char *p = own; p && *p; p++)
		*p = (char)toupper((unsigned char)*p);
	*ret = own;
	return own ? 0 : err_set(e, ENOMEM, "out of memory");
}

static int take_dir(const char *option, const char *dir, const char **ret, struct err *e)
{
	*ret = dir;
	return dir && *dir != '/' ? err_set(e, EINVAL, "%s: '%s' is no absolute path", option, dir) : 0;
}

/* A policy that is there is somebody's work. */
static int write_new(const char *path, const struct buf *text, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
	int r;

	if (fd < 0)
		return errno == EEXIST
			   ? err_set(e, EEXIST, "'%s' is there already; name another file, or remove it", path)
			   : err_errno(e, "make '%s'", path);
	r = fd_write_all(fd, text->data, text->len);
	if (r < 0) {
		unlink(path);
		return err_set(e, -r, "write '%s': %s", path, strerror(-r));
	}
	return 0;
}

/* Exit status: 0; 2 where the policy does not say all that the file says. */
int cmd_policy_import(struct rt_call *c, struct err *e)
{
	struct spec_import how = {.file = c->args[0], .has_call = has_call};
	struct strv left_out = {0};
	AUTO_FREE char *text = NULL;
	AUTO_BUF out = {0};
	size_t len = 0;
	int r;

	if ((r = take_from(c->o.from, &how.from, e)) < 0 || (r = take_caps(c, &how.caps, e)) < 0 ||
	    (r = take_kernel(c->o.kernel, how.kernel, e)) < 0 || (r = take_arch(c, &how.arch, e)) < 0 ||
	    (r = take_dir("--home", c->o.home, &how.home, e)) < 0 ||
	    (r = take_dir("--cwd", c->o.cwd, &how.cwd, e)) < 0 ||
	    (r = file_read(AT_FDCWD, how.file, SPEC_FILE_MAX, &text, &len, e)) < 0)
		return r;
	r = spec_import(text, len, &how, &c->arena, &out, &left_out, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < left_out.n; i++)
		log_warn("%s: not taken over: %s", how.file, left_out.v[i]);
	r = c->o.output ? write_new(c->o.output, &out, e) : rt_print(&out, e);
	return r < 0 ? r : left_out.n ? 2 : 0;
}
