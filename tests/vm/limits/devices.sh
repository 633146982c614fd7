# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# Devices: any node can be made, and opened only by a rule; update replaces the rules of a living container.
kmsg='mknod /dev/k c 1 11 && echo made && echo jailrun-test >/dev/k && echo written'
deny='{"allow": false, "access": "rwm"}'
rule() { # ACCESS
	printf '{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "%s"}' "$1"
}
in_sh "$kmsg" "$docker_caps | $(res "{devices: [$deny]}")"
is "a device without a rule: made" "$out" made
like "a device without a rule: not opened" "$err" "Operation not permitted"
in_sh "$kmsg" "$docker_caps | $(res "{devices: [$deny, $(rule r)]}")"
is "a device with a rule for reading alone: not written" "$out" made
in_sh "$kmsg" "$docker_caps | $(res "{devices: [$deny, $(rule w)]}")"
is "a device with a rule for writing" "$rc ${out//$'\n'/ }" "0 made written"
in_sh "$kmsg" "$docker_caps | del(.linux.resources)"
is "no rules at all: the default devices alone" "$out" made
# shellcheck disable=SC2016 # the container's shell's
opens='for d in "1 3" "1 5" "1 7" "1 8" "1 9" "5 2" "1 1" "1 4" "1 11" "10 200" "4 64" "7 0"; do
	rm -f /dev/k; t=c; [ "$d" != "7 0" ] || t=b; mknod /dev/k $t $d && if (exec </dev/k) 2>/dev/null; then echo yes; else echo no; fi; done; rm -f /dev/k'
for POLICY in none default; do
	in_sh "$opens" "$docker_caps | $(res "{devices: [$deny]}")"
	is "policy $POLICY: null, zero, full, random, urandom and ptmx open; mem, port, kmsg, tun, a serial line and a loop device do not" \
		"$(xargs <<<"$out")" "yes yes yes yes yes yes no no no no no no"
	living jt-dev "$idle | $docker_caps | $(res "{devices: [$deny]}")"
	now() {
		jrun exec jt-dev sh -c "rm -f /dev/k; $kmsg; cat /dev/null"
		is "policy $POLICY: $1" "$(xargs <<<"$out")" "$2"
	}
	now "before the update" made
	ok "policy $POLICY: update of the rules" jr update --resources - jt-dev <<<"{\"devices\": [$deny, $(rule w)]}"
	now "update opens the device" "made written"
	ok "policy $POLICY: update of the rules again" jr update --resources - jt-dev <<<"{\"devices\": [$deny, $(rule r)]}"
	now "update closes it again: the program was replaced, not added to" made
	gone jt-dev
done
POLICY=none
