#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Completion in the shells themselves: the scripts, loaded by bash, zsh and fish, asked for lines that people type.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
make_bundle "$T/b" "$(sh_filter 'while :; do sleep 0.05; done')"
mkdir "$T/policies" && echo '{}' >"$T/policies/judge.json"
id=jt-$$
for c in made running gone; do jr create --bundle "$T/b" "$id-$c"; done
jr start "$id-running" && jr kill "$id-gone" KILL
ok "the containers are there" eventually 5 status_is "$id-gone" stopped
cd "$T" || exit 1

# What may stand at the end of the words, one row a question: the words, and the candidates, in any order. ROOT is the state root.
cat >"$T/rows" <<ROWS
stat|state
--ro|--root --rootless
--log-format=|text json
--log-format=j|json
list --format=t|table
list -f |table json
--cgroup-manager s|systemd
--policy-dir policies --policy j|judge
run po|policies
--log po|policies
start --h|--help
kill $id-running SIGH|SIGHUP
kill $id-running KI|KILL
completion |bash zsh fish
install |docker containerd podman crio
help stat|state
help policy lea|learn
policy na|names
policy check --policy-dir policies j|judge
policy na|names
policy exp|explain
policy di|diff
policy li|lint
policy test --fl|--floor
policy update-check --ne|--newer
policy names --arch x8|x86 x86_64
policy names openat2|openat2
--nonsense |
create |
--root $ROOT start |$id-made
--root $ROOT kill |$id-made $id-running
--root $ROOT state |$id-made $id-running $id-gone
--root=$ROOT delete --force |$id-made $id-running $id-gone
ROWS
words_sorted() { tr ' ' '\n' | sed '/^$/d; s,/$,,' | LC_ALL=C sort | tr '\n' ' '; }

# bash_complete WORD...: what the function makes of the words, split as bash does it.
bash_complete() {
	# shellcheck disable=SC2016 # for the other shell
	bash --norc -c '. <("$0" completion bash)
		complete -p jailrun | grep -q "complete -F _jailrun jailrun" || exit 1
		COMP_WORDS=("$0" "$@") COMP_CWORD=$#
		_jailrun "$0" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
		echo "${COMPREPLY[*]}"' "$JAILRUN" "$@"
}
while IFS='|' read -r line want; do
	want=$(words_sorted <<<"$want")
	read -ra words <<<"${line//=/ = }"
	[[ $line != *' ' ]] || words+=('')
	is "bash: $line" "$(bash_complete "${words[@]}" | words_sorted)" "$want"
	if command -v fish >/dev/null; then
		got=$(env -i PATH="${JAILRUN%/*}:$PATH" HOME="$T" fish --no-config -c "jailrun completion fish | source; complete -C 'jailrun $line'" | cut -f 1 | sed 's/^-.*=//' | words_sorted)
		is "fish: $line" "$got" "$want"
	else
		skip "fish: $line" "needs fish"
	fi
done <"$T/rows"

# zsh shows what is the only candidate.
if command -v zsh >/dev/null; then
	lines=('stat' 'run po' '--log-format=js' 'list --qu' "--root $ROOT start " "--root $ROOT delete $id-g" "kill x SIGH" '--policy-dir policies --policy j' 'nonsens')
	want=('state ' 'run policies/' '--log-format=json ' 'list --quiet ' "--root $ROOT start $id-made " "--root $ROOT delete $id-gone " 'kill x SIGHUP ' '--policy-dir policies --policy judge ' 'nonsens')
	mapfile -t got < <(timeout 60 zsh -f "$TOP_SRCDIR/tests/lib/complete.zsh" "$JAILRUN" "$T" "${lines[@]/#/jailrun }")
	for i in "${!lines[@]}"; do
		is "zsh: ${lines[i]}" "${got[i]-}" "jailrun ${want[i]}"
	done
else
	skip "zsh" "needs zsh"
fi

# The lines of the README, in shells that have loaded nothing yet.
for row in "bash|--norc|complete -p jailrun" 'zsh|-f|print $_comps[jailrun]' "fish|--no-config|complete -C 'jailrun stat'"; do
	IFS='|' read -r shell flag show <<<"$row"
	command -v "$shell" >/dev/null || { skip "the README's line in $shell" "needs $shell"; continue; }
	line=$(sed -nE "s/^    (.*jailrun completion (bash|fish).*[^ ]) +#.*/\\1/p" "$TOP_SRCDIR/README.md" | grep -E "${shell/zsh/bash}")
	run env -i PATH="${JAILRUN%/*}:$PATH" HOME="$T" TERM=dumb "$shell" "$flag" -c "${line/bash/$shell} && $show"
	like "the README's line in $shell: ${line/bash/$shell}" "$rc $err$out" '^0 (complete -F _jailrun jailrun|_jailrun|state.*)$'
done
done_testing
