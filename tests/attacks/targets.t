#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mount targets of a hostile rootfs that lead out of it: links at /proc, /sys and /dev, links on the way, links that come and go.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/hostile.sh"
need_root
need_runtime
swap=$TOP_BUILDDIR/tests/attacks/progs/swap
[ -x "$swap" ] || skip_all "tests/attacks/progs is not built"

for POLICY in none default; do
	# CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: /proc and /sys are no place for links, nor for files.
	for where in proc sys; do
		for way in /elsewhere elsewhere ../../../../../../"$T/host" file; do
			hostile
			rmdir "$T/b/rootfs/$where" && mkdir "$T/b/rootfs/elsewhere"
			if [ "$way" = file ]; then echo x >"$T/b/rootfs/$where"; else ln -s "$way" "$T/b/rootfs/$where"; fi
			in_sh 'echo ran'
			is "$POLICY: /$where -> $way: refused" "$rc:$out" 1: || diag "$err"
			like "$POLICY: /$where -> $way: named" "$err" "/$where"
			unharmed "$POLICY: /$where -> $way"
		done
	done
	hostile
	in_sh 'cat /proc/self/comm; ls /sys | grep -c kernel'
	is "$POLICY: directories (control)" "$rc:$out" "0:cat"$'\n'"1" || diag "$err"

	# runc CVE-2026-41579, crun CVE-2026-47766: /dev is a link; what is removed and made there would be the host's.
	for way in "../../host/dev" "$T/host/dev" "../../../../../../../../$T/host/dev"; do
		hostile
		touch "$T/host/dev/ptmx" "$T/host/dev/console" && host_listing >"$T/host.before"
		rmdir "$T/b/rootfs/dev" && ln -s "$way" "$T/b/rootfs/dev"
		for dev in . 'del(.mounts[] | select(.destination | startswith("/dev")))'; do
			in_sh 'echo ran' "$dev"
			unharmed "$POLICY: /dev -> $way"
		done
	done
	hostile
	in_sh 'ls -l /dev/ptmx /dev/fd; echo x >/dev/null && echo written' 'del(.mounts[] | select(.destination | startswith("/dev")))'
	like "$POLICY: a /dev of the rootfs is filled (control)" "$out" 'pts/ptmx.*written'

	# crun CVE-2019-18837, CVE-2021-30465, CVE-2024-45310: a link on the way, a link at its end, a link to be made through.
	secret='{type: "bind", source: $source, options: ["rbind"]}'
	while IFS='|' read -r link target destination; do
		hostile
		mkdir -p "$T/src" && echo inner >"$T/src/mark"
		ln -s "${target//HOST/$T/host}" "$T/b/rootfs/$link"
		make_bundle "$T/b" "$(sh_filter "cat $destination/mark; echo x >$destination/written; ls -d $destination/*") | .mounts += [$secret + {destination: \$destination}]" \
			--arg source "$T/src" --arg destination "$destination"
		jrun --policy "$POLICY" run --bundle "$T/b" "jt-$$-t"
		unharmed "$POLICY: $link -> $target, mount at $destination"
		[ "$rc" != 0 ] || like "$POLICY: $link -> $target: what is mounted is mounted inside" "$out" 'inner'
	done <<-'ROWS'
		way|HOST|/way
		way|HOST|/way/sub
		way|HOST|/way/sub/deeper
		way|../../../../../../../..HOST|/way/sub
		way|../../../../../../../..HOST/made|/way
		way|/proc/1/root/HOST|/way/sub
		way|/proc/self/cwd|/way/sub
		way|way|/way/sub
	ROWS
	hostile
	ln -s /srv "$T/b/rootfs/way" && mkdir "$T/b/rootfs/srv"
	make_bundle "$T/b" "$(sh_filter 'cat /srv/sub/mark') | .mounts += [$secret + {destination: \"/way/sub\"}]" --arg source "$T/src"
	jrun --policy "$POLICY" run --bundle "$T/b" "jt-$$-t"
	is "$POLICY: a link that stays inside is followed (control)" "$rc:$out" 0:inner || diag "$err"
	hostile
	ln -s "../../../../../../../../$T/host/made" "$T/b/rootfs/way"
	in_sh 'true' ".mounts += [{destination: \"/way\", type: \"bind\", source: \"$T/spec.json\", options: [\"bind\"]}]"
	unharmed "$POLICY: the file to be made for a bind is a link"
	hostile
	ln -s "$T/host" "$T/b/rootfs/cwd"
	in_sh 'pwd; ls' '.process.cwd = "/cwd/made"'
	unharmed "$POLICY: cwd below a link"
done

# The same as a race: a volume in which a directory and a link out of it change places all the time.
hostile
mkdir -p "$T/vol/a" "$T/src" && ln -s "$T/host" "$T/vol/b" && echo inner >"$T/src/mark"
"$swap" "$T/vol/a" "$T/vol/b" &
swapper=$!
at_exit "kill $swapper"
for ((i = 0; i < 3000; i++)); do
	mkdir -p "$T/vol/a/made/deeper" 2>/dev/null
	[ ! -e "$T/host/made" ] || break
done
ok "the race: whoever goes by names is led out (control, $i tries)" test -e "$T/host/made"
rm -rf "$T/host/made" "$T/vol/a/made" "$T/vol/b/made"
host_listing >"$T/host.before"
ran=0
for ((i = 0; i < ${ATTACK_RUNS:-30}; i++)); do
	in_sh 'true' \
		".mounts += [{destination: \"/vol\", type: \"bind\", source: \"$T/vol\", options: [\"rbind\"]},
			{destination: \"/vol/a/made/deeper\", type: \"bind\", source: \"$T/src\", options: [\"rbind\"]}]"
	[ "$rc" != 0 ] || ran=$((ran + 1))
	rm -rf "$T/vol/a/made" "$T/vol/b/made" 2>/dev/null
done
diag "the race: $ran of $i containers ran"
ok "the race: some containers do run" test $ran -gt 0
ok "the race: the swapper swaps still" kill -0 $swapper
unharmed "the race: $i containers"
kill $swapper
done_testing
