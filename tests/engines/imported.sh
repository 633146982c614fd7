# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What an engine makes of a seccomp profile, against what `jailrun policy import` makes of it.

# The runtime $W/bin/keeper starts nothing: it keeps the config.json that it is given. To what asks for its version it is jailrun.
keeper() {
	command_file keeper <<-EOF
		for word in "\$@"; do
			case \$last in --bundle | -b) cp "\$word/config.json" "$W/handed.json" && exit 1 ;; esac
			last=\$word
		done
		exec "$JAILRUN" "\$@"
	EOF
}

# import_suite WHAT PROFILE COMMAND...: the command makes a container whose runtime is keeper and whose profile is PROFILE, for the engine's own reader.
import_suite() {
	local what=$1 profile=$2 same=${TOP_BUILDDIR-}/tests/lib/same_filter caps
	shift 2
	if [ ! -x "$same" ] || [ ! -e "$profile" ]; then
		skip "$what: its reading of a seccomp profile, and jailrun's" "needs $same and $profile"
		return
	fi
	rm -f "$W/handed.json" "$W/imported.json"
	"$@" >/dev/null 2>&1
	caps=$(jq -r '.process.capabilities.bounding | join(",")' "$W/handed.json")
	expect "$what: jailrun imports its profile whole" 0 "" "$JAILRUN" policy import "$profile" --caps "$caps" -o "$W/imported.json"
	expect "$what: and judges every call as the engine says" 0 "* 0 differ" "$same" "$W/handed.json" "$W/imported.json"
}
