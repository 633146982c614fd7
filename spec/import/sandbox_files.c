/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of sandbox-runtime's settings as entries of `files`. Reading is allowed where it is not denied, and there again where allowRead
 * says so; writing is denied where it is not allowed, and there again where denyWrite says so. */
#include "import.h"

#include <string.h>

#include "base/base.h"
#include "spec/policy/files.h"

/* Where a path of the settings is in the container. NULL: nowhere that `files` could name, which has been said, with what follows. */
static const char *place_of(struct draft *d, const char *key, const char *path, const char *so)
{
	size_t n = strlen(path);
	const char *base = "", *joined = NULL, *place;
	char *own;

	if (n > 3 && str_eq(path + n - 3, "/**")) /* as srt does it: a directory has what is below anyway */
		n -= 3;
	own = arena_strndup(d->arena, path, n);
	if (!own)
		return NULL;
	if (strpbrk(own, "*?[]")) {
		left_out(d, "%s: '%s' is a pattern, and `files` has none: %s", key, shown(path).s, so);
		return NULL;
	}
	if (*own == '~' && (own[1] == '/' || !own[1])) {
		base = d->how->home;
		*own = '/';
	} else if (*own != '/') {
		base = d->how->cwd;
	}
	if (!base) {
		left_out(d, "%s: '%s' begins %s: say by %s DIR where that is in the container; %s", key, shown(path).s,
			 *own == '/' ? "at the home directory" : "where srt is started",
			 *own == '/' ? "--home" : "--cwd", so);
		return NULL;
	}
	/* What ".." leaves behind a link is known in the container alone. */
	if (*base || !(strstr(own, "/../") || (n >= 3 && str_eq(own + n - 3, "/.."))))
		joined = arena_printf(d->arena, "%s/%s", base, own);
	place = joined ? path_clean(d->arena, joined) : NULL;
	if (place && !files_can_name(place))
		place = NULL;
	if (!place)
		left_out(d, "%s: '%s' is nothing that `files` can name: %s", key, shown(path).s, so);
	return place;
}

static struct strv places_of(struct draft *d, const char *key, const struct strv *paths, const char *so)
{
	struct strv ret = {0};

	for (size_t i = 0; i < paths->n; i++) {
		const char *place = place_of(d, key, paths->v[i], so);

		if (place && !strv_has(&ret, place))
			list_add(d, &ret, place);
	}
	return ret;
}

/* The first of the trees that has the path; NULL: none has. */
static const char *tree_of(const struct strv *trees, const char *path)
{
	for (size_t i = 0; i < trees->n; i++)
		if (path_is_below(path, trees->v[i]))
			return trees->v[i];
	return NULL;
}

/* Whether it will be a directory or a file is known in the container alone, where an entry that says the wrong one fails, or gives nothing. */
static void add_tree(struct draft *d, enum spec_file_right of_files, enum spec_file_right of_trees, const char *place)
{
	const char *tree = place[1] ? arena_printf(d->arena, "%s/", place) : place;

	if (!tree)
		return;
	files_add(d, of_files, tree);
	files_add(d, of_trees, tree);
	if (place[1])
		left_out(d,
			 "filesystem: what is allowed is taken for directories; a file gets nothing until you take the "
			 "\"/\" at its end away in files");
}

static void take_reading(struct draft *d, const struct strv *deny, const struct strv *allow)
{
	bool all = strv_has(deny, "/");

	for (size_t i = 0; i < deny->n; i++) {
		if (!deny->v[i][1])
			continue;
		list_add(d, &d->files.deny, deny->v[i]);
		if (tree_of(allow, deny->v[i]))
			left_out(d,
				 "filesystem.denyRead: '%s' is hidden, and srt would let allowRead go before: take it "
				 "out of files.deny where it has to be read",
				 shown(deny->v[i]).s);
	}
	for (size_t i = 0; i < allow->n; i++) {
		const char *hole = tree_of(&d->files.deny, allow->v[i]);

		if (all)
			add_tree(d, FILES_READ, FILES_LIST, allow->v[i]);
		if (hole && !strv_has(deny, allow->v[i]))
			left_out(d,
				 "filesystem.allowRead: '%s' is hidden with '%s': name what else is in there in "
				 "files.deny, one by one, instead",
				 shown(allow->v[i]).s, shown(hole).s);
	}
	if (!all)
		return;
	d->files.list[FILES_READ].set = d->files.list[FILES_LIST].set = true;
	left_out(d,
		 "filesystem.denyRead: of what cannot be read it can still be seen that it is there, its size and its "
		 "times; use linux.maskedPaths of config.json where that counts");
}

static void take_writing(struct draft *d, const struct strv *deny, const struct strv *allow)
{
	struct strv kept = {0};

	for (size_t i = 0; i < allow->n; i++) {
		if (tree_of(deny, allow->v[i]))
			continue;
		list_add(d, &kept, allow->v[i]);
		add_tree(d, FILES_WRITE, FILES_CREATE, allow->v[i]);
	}
	for (size_t i = 0; i < deny->n; i++) {
		const struct shown what = shown(deny->v[i]);

		if (tree_of(&d->files.deny, deny->v[i]))
			continue;
		if (tree_of(&kept, deny->v[i])) {
			list_add(d, &d->files.deny, deny->v[i]);
			left_out(
			    d,
			    "filesystem.denyWrite: '%s' is hidden, so that it cannot be read either: where it has to "
			    "be, put it into linux.readonlyPaths of config.json, and take it out of files.deny",
			    what.s);
		} else if (kept.n) {
			left_out(d,
				 "filesystem.denyWrite: '%s' is in nothing that allowWrite names. Where a link of the "
				 "container says otherwise, it can be written",
				 what.s);
		}
	}
	d->files.list[FILES_WRITE].set = d->files.list[FILES_CREATE].set = true;
	left_out(
	    d,
	    "filesystem.allowWrite: mode, owner, times and attributes of other files can still be changed; where that "
	    "counts, set root.readonly in config.json, and mount what may be written");
	if (kept.n)
		left_out(
		    d,
		    "filesystem.allowWrite: what srt protects by itself in there can be written (.bashrc, .gitconfig, "
		    ".git/hooks, .vscode and more): put it into linux.readonlyPaths of config.json");
}

void sandbox_files(struct draft *d, const struct sandbox_lists *lists)
{
	const struct strv deny_read = places_of(d, "filesystem.denyRead", &lists->deny_read, "it can be read");
	const struct strv allow_read =
	    places_of(d, "filesystem.allowRead", &lists->allow_read, "it is not let out of what denyRead takes away");
	const struct strv allow_write =
	    places_of(d, "filesystem.allowWrite", &lists->allow_write, "it cannot be written");
	const struct strv deny_write =
	    places_of(d, "filesystem.denyWrite", &lists->deny_write, "it can be written where allowWrite lets it");

	d->files.set = true;
	take_reading(d, &deny_read, &allow_read);
	take_writing(d, &deny_write, &allow_write);
}
