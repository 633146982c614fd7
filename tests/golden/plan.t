#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `jailrun plan` of each tests/golden/NAME/config.json against the NAME/expected.json beside it; where NAME/error stands instead,
# the call must fail with that text. NAME/options: more options of plan. UPDATE=1 writes what comes out. Plans differ where hosts differ: what
# says something of this host alone (its cgroup layout, the directory of the bundle) is taken out first.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime

# The plan of the test's copy of the bundle, made comparable.
normal() {
	jq -S --arg t "$T" 'walk(if type == "string" then gsub($t; "BUNDLES") else . end) | (.cgroup.unit // null) as $unit | del(.cgroup) | if $unit then .unit = ($unit | del(.of)) else . end | del(.jail.filter, .jail.seal.seccomp)' "$1"
}

for dir in "$TOP_SRCDIR"/tests/golden/*/; do
	dir=${dir%/} name=${dir##*/}
	mkdir -p "$T/$name/rootfs"
	cp "$dir"/*.json "$T/$name/"
	if grep -qsx -- --systemd-cgroup "$dir/global-options" && [ "$("$JAILRUN" features | jq .linux.cgroup.systemd)" != true ]; then
		skip "$name" "built without the systemd cgroup manager"
		continue
	fi
	global=() options=()
	[ -e "$dir/global-options" ] && mapfile -t global < <(sed "s|@DIR@|$T/$name|" "$dir/global-options")
	[ -e "$dir/options" ] && mapfile -t options <"$dir/options"
	# With and without root the plan is the same: it is a matter of the configuration.
	run "$JAILRUN" --root "$ROOT" "${global[@]}" plan "${options[@]}" "$T/$name"
	if [ -e "$dir/error" ]; then
		is "$name: exit status" "$rc" 1
		[ -n "${UPDATE-}" ] && printf '%s\n' "${err//$T/BUNDLES}" >"$dir/error"
		is "$name: message" "${err//$T/BUNDLES}" "$(cat "$dir/error")"
		continue
	fi
	is "$name: exit status" "$rc" 0 || diag "$err"
	cat "$T/out" >>"$T/plans"
	normal "$T/out" >"$T/got" || fail "$name: no JSON"
	if [ -n "${UPDATE-}" ]; then cp "$T/got" "$dir/expected.json"; fi
	if diff -u "$dir/expected.json" "$T/got" >"$T/diff" 2>&1; then pass "$name: plan"; else
		fail "$name: plan"
		diag "$(head -n 40 "$T/diff")"
	fi
done
fits plan "all plans are as docs/plan.schema.json says" "$T/plans"
done_testing
