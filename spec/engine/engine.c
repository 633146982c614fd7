/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/engine/engine.h"

#include <errno.h>
#include <string.h>

/* Of both languages; a NUL would end what the readers see. */
static int check_text(const char *text, size_t len, struct err *e)
{
	if (memchr(text, '\0', len))
		return err_set(e, EINVAL, "it holds a NUL byte: this is no text file");
	return 0;
}

int spec_engine_parse(enum spec_engine engine, const char *text, size_t len, const char *name, struct arena *a,
		      struct spec_engine_config *ret, struct err *e)
{
	int r = check_text(text, len, e);

	*ret = (struct spec_engine_config){0};
	if (r == 0)
		r = engine == ENGINE_DOCKER ? engine_json_parse(text, len, a, ret, e)
					    : engine_toml_parse(engine, text, len, a, ret, e);
	return r < 0 ? err_ctx(e, "%s", name) : 0;
}

static bool is_name(const char *s)
{
	return *s && *s != '-' && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

int spec_engine_change(enum spec_engine engine, const char *text, size_t len, const char *name,
		       const struct spec_engine_edit *edit, struct arena *a, struct buf *out, struct err *e)
{
	int r = check_text(text, len, e);

	if (!is_name(edit->name))
		return err_set(e, EINVAL, "'%.64s' cannot be the name of a runtime: letters, digits, - and _ can",
			       edit->name);
	if (r == 0)
		r = engine == ENGINE_DOCKER ? engine_json_change(text, len, edit, a, out, e)
					    : engine_toml_change(engine, text, len, edit, a, out, e);
	if (r < 0)
		return err_ctx(e, "%s", name);
	return out->failed ? err_set(e, ENOMEM, "out of memory") : 0;
}
