/* SPDX-License-Identifier: Apache-2.0 */
/* What completion offers where: the whole table of commands and options, and the values of their placeholders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/commands/commands.h"

/* The answer to words that are split at blanks; a blank at the end begins an empty word. */
static void ask(const char *line, struct buf *ret)
{
	char copy[512], *rest = copy, *word;
	const char *words[20];
	struct rt_call c = {.table = &rt_commands};
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = str_field(&rest, " "))) {
		assert_true(n < 20);
		words[n++] = word;
	}
	*ret = (struct buf){0};
	rt_complete(&c, words, n, ret);
	rt_call_free(&c);
	assert_false(ret->failed);
	assert_non_null(ret->data);
}

/* Whether word is offered, with this description (NULL: none). */
static bool offered(const char *line, const char *word, const char *description)
{
	AUTO_BUF answer = {0}, want = {0};

	ask(line, &answer);
	buf_printf(&want, description ? "\n%s\t%s\n" : "\n%s\n", word, description);
	return strstr(answer.data, want.data) != NULL;
}

static void test_table(void **state)
{
	(void)state;
	for (const struct rt_command *k = rt_commands.commands; k->name; k++) {
		const char *member = strchr(k->name, ' '); /* one of a group */
		char line[128];

		snprintf(line, sizeof(line), "%.*s", member ? (int)(member + 1 - k->name) : 0, k->name);
		assert_int_equal(offered(line, member ? member + 1 : k->name, k->help), !k->hidden);
		for (const struct rt_option *o = k->options; o->name; o++) {
			char word[64];

			snprintf(line, sizeof(line), "%s --", k->name);
			snprintf(word, sizeof(word), "--%s", o->name);
			assert_int_equal(offered(line, word, o->help), !o->hidden);
			snprintf(line, sizeof(line), "%s -", k->name);
			snprintf(word, sizeof(word), "-%c", o->short_name);
			if (o->short_name)
				assert_int_equal(offered(line, word, o->help), !o->hidden);
		}
		snprintf(line, sizeof(line), "%s --h", k->name);
		assert_true(offered(line, "--help", rt_commands.common[0].help));
	}
	for (const struct rt_option *o = rt_commands.globals; o->name; o++) {
		char word[64];

		snprintf(word, sizeof(word), "--%s", o->name);
		assert_int_equal(offered("--", word, o->help), !o->hidden);
	}
}

static void test_places(void **state)
{
	static const struct {
		const char *line, *answer;
	} rows[] = {
	    {"stat", "words\nstate\tshow the state of a container, as JSON\n"},
	    {"nonsense ", "words\n"},
	    {"--nonsense ", "words\n"},
	    {"--log-format ", "words\ntext\njson\n"},
	    {"--log-format=", "words\ntext\njson\n"},
	    {"--log-format=j", "words\njson\n"},
	    {"-log-format j", "words\njson\n"},
	    {"--debug=", "words\ntrue\nfalse\n"},
	    {"--no-such=", "words\n"},
	    {"--log ", "files\n"},
	    {"--log --", "files\n"},
	    {"--policy n", "files\nnode\tbuilt in\nnone\n"},
	    {"run ", "dirs\n"},
	    {"run --b", "words\n--bundle\tdirectory of the bundle (default: the working directory)\n"},
	    {"run -b ", "dirs\n"},
	    {"run -b=x", "dirs\n"},
	    {"run --pid-file ", "files\n"},
	    {"run --preserve-fds ", "words\n"},
	    {"run -- --b", "dirs\n"},
	    {"run x ", "words\n"},
	    {"run x y ", "words\n"},
	    {"run x --kee", "words\n--keep\tdo not delete the container when it has ended\n"},
	    {"create ", "words\n"},
	    {"--log x --root /nowhere start ", "words\n"},
	    {"kill x SIGK", "words\nSIGKILL\n"},
	    {"kill x KI", "words\nKILL\n"},
	    {"kill x KILL ", "words\n"},
	    {"completion ", "words\nbash\nzsh\nfish\n"},
	    {"help li", "words\nlife\tlist the steps of a container's life, or of a process executed in it\nlist\tlist "
			"the containers below the state root\n"},
	    {"features ", "words\n"},
	    {"life ", "words\nexec\n"},
	    {"update --cpu-idle ", "words\n0\n1\n"},
	    {"ps --format ", "words\ntable\njson\n"},
	    {"ps x --for", "words\n"},
	    {"ps -- --for", "words\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_BUF answer = {0};

		ask(rows[i].line, &answer);
		if (!str_eq(answer.data, rows[i].answer))
			fail_msg("'%s': %s", rows[i].line, answer.data);
	}
}

/* Names of policies: the built-in ones once, those of files, nothing that is no policy. */
static void test_policies(void **state)
{
	static const char *const files[] = {"mine.json", "default.json", "readme.txt", ".json", "plain"};
	char dir[] = "/tmp/jailrun-complete-XXXXXX", line[128];
	AUTO_BUF answer = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_BUF path = {0};

		buf_printf(&path, "%s/%s", dir, files[i]);
		fclose(fopen(path.data, "w"));
	}
	snprintf(line, sizeof(line), "--policy-dir %s --policy ", dir);
	ask(line, &answer);
	assert_string_equal(answer.data,
			    "files\nagent\tbuilt in\nbuild\tbuilt in\ncompute\tbuilt in\ndefault\tbuilt in\n"
			    "judge\tbuilt in\nnode\tbuilt in\npython\tbuilt in\nmine\nnone\n");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_BUF path = {0};

		buf_printf(&path, "%s/%s", dir, files[i]);
		unlink(path.data);
	}
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
