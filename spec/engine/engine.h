/* SPDX-License-Identifier: Apache-2.0 */
/* The two languages in which engines are configured. Internal to spec/: engine.c chooses. */
#ifndef SPEC_ENGINE_H
#define SPEC_ENGINE_H

#include "spec/spec.h"

int engine_json_parse(const char *text, size_t len, struct arena *a, struct spec_engine_config *ret, struct err *e);
int engine_json_change(const char *text, size_t len, const struct spec_engine_edit *edit, struct arena *a,
		       struct buf *out, struct err *e);

int engine_toml_parse(enum spec_engine engine, const char *text, size_t len, struct arena *a,
		      struct spec_engine_config *ret, struct err *e);
int engine_toml_change(enum spec_engine engine, const char *text, size_t len, const struct spec_engine_edit *edit,
		       struct arena *a, struct buf *out, struct err *e);

#endif
