/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

static void write_enabled(struct jsonw *w, const char *key, bool enabled)
{
	jw_object(w, key);
	jw_bool(w, "enabled", enabled);
	jw_object_end(w);
}

static void write_cgroup(struct jsonw *w, const struct spec_features *f)
{
	const struct {
		const char *key;
		bool value;
	} what[] = {{"v1", false}, {"v2", true}, {"systemd", f->systemd}, {"systemdUser", f->systemd}, {"rdma", true}};

	jw_object(w, "cgroup");
	for (size_t i = 0; i < ARRAY_LEN(what); i++)
		jw_bool(w, what[i].key, what[i].value);
	jw_object_end(w);
}

static void write_seccomp(struct jsonw *w, const struct spec_features *f)
{
	jw_object(w, "seccomp");
	jw_bool(w, "enabled", f->seccomp);
	if (f->seccomp) {
		jw_strv(w, "actions", &f->seccomp_actions);
		jw_strv(w, "operators", &f->seccomp_operators);
		jw_strv(w, "archs", &f->seccomp_archs);
		jw_strv(w, "knownFlags", &f->seccomp_known_flags);
		jw_strv(w, "supportedFlags", &f->seccomp_supported_flags);
	}
	jw_object_end(w);
}

static void write_words(struct jsonw *w, const char *key, const struct word *words)
{
	jw_array(w, key);
	for (; words->name; words++)
		jw_str(w, NULL, words->name);
	jw_array_end(w);
}

static void write_linux(struct jsonw *w, const struct spec_features *f)
{
	jw_object(w, "linux");
	jw_array(w, "namespaces");
	for (int i = 0; i < NS_COUNT; i++)
		jw_str(w, NULL, spec_ns_name((enum spec_ns)i));
	jw_array_end(w);
	jw_strv(w, "capabilities", &f->capabilities);
	write_cgroup(w, f);
	write_seccomp(w, f);
	write_enabled(w, "apparmor", true);
	write_enabled(w, "selinux", true);
	jw_object(w, "memoryPolicy");
	write_words(w, "modes", mempolicy_words);
	write_words(w, "flags", mempolicy_flag_words);
	jw_object_end(w);
	jw_object(w, "intelRdt");
	jw_bool(w, "enabled", true);
	jw_bool(w, "schemata", true);
	jw_bool(w, "monitoring", true);
	jw_object_end(w);
	jw_object(w, "mountExtensions");
	write_enabled(w, "idmap", true);
	jw_object_end(w);
	write_enabled(w, "netDevices", true);
	jw_object_end(w);
}

void spec_features_print(const struct spec_features *f, struct buf *out)
{
	struct jsonw w = {.out = out, .indent = 4};

	jw_object(&w, NULL);
	jw_str(&w, "ociVersionMin", SPEC_VERSION_MIN);
	jw_str(&w, "ociVersionMax", SPEC_VERSION);
	jw_array(&w, "hooks");
	for (int i = 0; i < HOOK_COUNT; i++)
		jw_str(&w, NULL, spec_hook_name((enum spec_hook_kind)i));
	jw_array_end(&w);
	jw_strv(&w, "mountOptions", &f->mount_options);
	write_linux(&w, f);
	jw_object(&w, "annotations");
	if (f->libseccomp)
		jw_str(&w, "io.github.seccomp.libseccomp.version", f->libseccomp);
	if (f->commit)
		jw_str(&w, "org.jailrun.commit", f->commit);
	if (f->version)
		jw_str(&w, "org.jailrun.version", f->version);
	jw_object_end(&w);
	jw_array(&w, "potentiallyUnsafeConfigAnnotations");
	jw_str(&w, NULL, "jailrun.");
	if (f->systemd)
		jw_str(&w, NULL, "org.systemd.property.");
	jw_str(&w, NULL, "run.oci.keep_original_groups");
	jw_array_end(&w);
	jw_object_end(&w);
	buf_str(out, "\n");
}
