/* SPDX-License-Identifier: Apache-2.0 */
/* Capability names, and what is left out of the five sets. */
#include "jail_util.h"

#include <stdio.h>
#include <unistd.h>

static struct strv list(const char *const *v)
{
	struct strv l = {.v = (char **)v};

	while (v[l.n])
		l.n++;
	return l;
}

#define LIST(...) list((const char *const[]){__VA_ARGS__, NULL})

/* What caps_plan says on stderr. */
static void plan(const struct spec_capabilities *c, const struct jail_facts *f, bool userns, uint64_t caps[CAPS_COUNT],
		 char said[4096])
{
	FILE *tmp = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(tmp);
	fflush(stderr);
	dup2(fileno(tmp), STDERR_FILENO);
	assert_int_equal(caps_plan(c, f, userns, caps), 0);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(tmp);
	n = fread(said, 1, 4095, tmp);
	said[n] = '\0';
	fclose(tmp);
}

static int count(const char *text, const char *word)
{
	int n = 0;

	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(jail_cap_number("CAP_CHOWN"), 0);
	assert_int_equal(jail_cap_number("CAP_SYS_ADMIN"), 21);
	assert_int_equal(jail_cap_number("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(jail_cap_number("cap_chown"), -1);
	assert_int_equal(jail_cap_number("CHOWN"), -1);
	assert_int_equal(jail_cap_number("CAP_NOSUCH"), -1);
	assert_int_equal(jail_cap_number("21"), -1);
	assert_int_equal(jail_cap_number("CAP_"), -1);
	assert_string_equal(jail_cap_name(21), "CAP_SYS_ADMIN");
	assert_null(jail_cap_name(63));
	assert_null(jail_cap_name(-1));
	assert_null(jail_cap_name(64));
	for (int cap = 0; cap <= 40; cap++)
		assert_int_equal(jail_cap_number(jail_cap_name(cap)), cap);
}

static void left_out(void **state)
{
	struct jail_facts f = {.caps = 1 << 0 | 1 << 1 | 1 << 13, .last_cap = 40};
	struct spec_capabilities c = {.set = true};
	uint64_t caps[CAPS_COUNT];
	char said[4096];

	(void)state;
	c.list[CAPS_BOUNDING] = LIST("CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_NOSUCH", "CAP_NOSUCH");
	c.list[CAPS_PERMITTED] = LIST("CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_ADMIN");
	c.list[CAPS_EFFECTIVE] = LIST("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_NOSUCH");
	c.list[CAPS_AMBIENT] = LIST("CAP_CHOWN");
	plan(&c, &f, false, caps, said);
	assert_int_equal(caps[CAPS_BOUNDING], 1);
	assert_int_equal(caps[CAPS_PERMITTED], 1 | 1 << 13);
	assert_int_equal(caps[CAPS_EFFECTIVE], 1);
	assert_int_equal(caps[CAPS_INHERITABLE], 0);
	assert_int_equal(caps[CAPS_AMBIENT], 0);
	assert_int_equal(count(said, "CAP_NOSUCH"), 1);
	assert_int_equal(count(said, "CAP_SYS_ADMIN"), 1);
	assert_int_equal(count(said, "CAP_DAC_OVERRIDE"), 1);
	assert_int_equal(count(said, "ambient needs"), 0); /* as runc */
}

static void userns_gives_all(void **state)
{
	static const char *const both[] = {"CAP_CHOWN", "CAP_SYS_ADMIN", NULL};
	struct jail_facts f = {.caps = 0, .last_cap = 20};
	struct spec_capabilities c = {.set = true};
	uint64_t caps[CAPS_COUNT];
	char said[4096];

	(void)state;
	for (int set = 0; set < CAPS_COUNT; set++)
		c.list[set] = list(both);
	plan(&c, &f, true, caps, said);
	for (int set = 0; set < CAPS_COUNT; set++)
		assert_int_equal(caps[set], 1); /* this kernel ends at 20 */
	assert_int_equal(count(said, "CAP_SYS_ADMIN is left out: it is not known here"), 1);
	f.last_cap = 40;
	plan(&c, &f, true, caps, said);
	assert_int_equal(caps[CAPS_AMBIENT], 1 | 1 << 21);
	assert_string_equal(said, "");
}

static void probe(void **state)
{
	struct jail_facts f;

	(void)state;
	assert_int_equal(jail_probe(&f, NULL), 0);
	assert_uint_in_range(f.last_cap, 37, 63);
	assert_int_not_equal(f.arch, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(left_out),
	    cmocka_unit_test(userns_gives_all),
	    cmocka_unit_test(probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
