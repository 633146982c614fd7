#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tables of ARCHITECTURE.md that lead into the code: each row's file is there and defines the function. And whatever document or comment
# names a file by its whole path names one that is there.
. "$(dirname "$0")/../lib/common.sh" || exit 1
cd "$TOP_SRCDIR" || exit 1

# defines FILE FUNCTION: a definition begins at the start of a line and has a body; a call or a prototype has none.
defines() {
	awk -v f="$2" '
		$0 ~ "^[a-z_][a-z_0-9 *]*[ *]" f "\\(" { head = 1 }
		head && /;[ \t]*$/ { head = 0 }
		head && /^[{]/ { found = 1; exit }
		END { exit !found }' "$1"
}

# rows HEADING: the rows of the table below it, as "text|file|function".
rows() {
	awk -v heading="## $1" '
		/^## / { here = $0 == heading }
		here && /^\|/ && ++n > 2 { print }' "$2" | sed -E 's/^\| *//; s/ *\|$//; s/ +\| +/|/g'
}

# check_table HEADING FILE: prints each row that is wrong.
check_table() {
	local text file function
	while IFS='|' read -r text file function; do
		if [ ! -f "$file" ]; then
			echo "$text: there is no $file"
		elif ! defines "$file" "$function"; then
			echo "$text: $file does not define $function"
		fi
	done < <(rows "$1" "$2")
}

# dead_names PATH...: "FILE: NAME" for each file that is named there, in lower case from its top folder on, and is not.
dead_names() {
	local from name
	while IFS=: read -r from name; do
		[ -e "$name" ] || echo "$from: $name"
	done < <(grep -rHIoE '(^|[^A-Za-z0-9_./$}-])(base|spec|namespaces|cgroups|jail|runtime|tests)/[a-z0-9_/]+[.](c|h|t|py|am|S)\>' \
		--exclude=where.t "$@" | sed -E 's/:[^a-z]/:/' | sort -u)
}

questions='Where is …?' steps='From README to the line that refuses an exec, in five steps'
is "the questions have twenty rows" "$(rows "$questions" ARCHITECTURE.md | wc -l)" 20
is "no question is asked twice" "$(rows "$questions" ARCHITECTURE.md | cut -d '|' -f 1 | sort | uniq -d)" ""
is "the path has five steps" "$(rows "$steps" ARCHITECTURE.md | wc -l)" 5
is "each question's file defines the function" "$(check_table "$questions" ARCHITECTURE.md)" ""
is "each step's file defines the function" "$(check_table "$steps" ARCHITECTURE.md)" ""

# Rows that are wrong: a file that is not there, a function of another file that is only called here, a prototype, a part of a name.
cat >"$T/planted.md" <<'EOF'
## Where is …?
| question | file | function |
| --- | --- | --- |
| right | base/err.c | err_set |
| no file | base/no_such_file.c | err_set |
| called only | runtime/main.c | rt_cli_parse |
| declared only | base/err.h | err_set |
| part of a name | base/err.c | set |
EOF
ok "control: what is called only is called" grep -q 'rt_cli_parse(' runtime/main.c
ok "control: what is declared only is declared" grep -q 'err_set(' base/err.h
is "control: the wrong rows are found, and only they" "$(check_table "$questions" "$T/planted.md")" \
	"no file: there is no base/no_such_file.c
called only: runtime/main.c does not define rt_cli_parse
declared only: base/err.h does not define err_set
part of a name: base/err.c does not define set"

is "each file that is named by its path is there" "$(dead_names ./*.md docs base spec namespaces cgroups jail runtime tests)" ""
printf '%s\n' 'see base/err.c and (base/no_such_file.c), FOLDER/X.h' '`jail/gone.h`' >"$T/named.md"
is "control: the names of files that are not there are found" "$(dead_names "$T/named.md")" "$T/named.md: base/no_such_file.c
$T/named.md: jail/gone.h"
done_testing
