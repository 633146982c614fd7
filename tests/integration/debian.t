#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A root file system of debootstrap: dynamic programs, bash, apt's own tools, with the jail and without.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command debootstrap
need_runtime
rootfs=$(make_debian_rootfs minbase) || skip_all "debootstrap does not work here"
ROOTFS=$rootfs
printf '{"exec": {"allow": ["/usr/bin/", "/usr/sbin/", "/usr/lib/"]}, "limits": {"processes": 100, "threads": 100}}' >"$T/trace.json"
for POLICY in none default "$T/trace.json"; do
	name=${POLICY##*/}
	in_container "$(args_filter /bin/bash -c 'set -o pipefail; seq 1000 | sort -rn | head -n 1; ls /usr/bin | grep -c .; exit 200')"
	is "$name: exit status" "$rc" 200 || diag "$err"
	is "$name: a pipeline of dynamic programs" "$(head -n 1 <<<"$out")" 1000
	in_container "$(args_filter /bin/bash -c 'perl -e "print fork() ? wait() > 0 ? qq(waited\n) : qq(lost\n) : exit 0"; dpkg -l | wc -l; tar cf - /usr/share/doc 2>/dev/null | tar tf - | wc -l')"
	like "$name: perl forks, dpkg and tar work" "$out" '^waited.[1-9][0-9]+.[1-9][0-9]+$'
	in_container "$(args_filter /bin/bash -c 'trap "echo hup" HUP; kill -HUP $$; wait; coproc cat; echo hi >&${COPROC[1]}; read -r line <&${COPROC[0]}; echo $line; kill %1; wait; exit 0')"
	like "$name: signals and coprocesses of bash" "$out" '^hup.hi$'
	in_container "$(args_filter /bin/bash -c 'for i in {1..300}; do /bin/true & done; wait; echo stormed')"
	is "$name: a storm of forks" "$out" stormed || diag "$err"
done
done_testing
