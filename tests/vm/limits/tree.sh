# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# The tree itself: what a path means to cgroupfs. Another manager has its own words for it.
[ "$manager" = cgroupfs ] || return 0

# A path of the caller's own, shared by nobody.
make_bundle "$T/p" "$(sh_filter 'sleep 100 & sleep 100') | .linux.cgroupsPath = \"/jt-tree/one\" | $(res '{pids: {limit: 10}}')"
ok "create with cgroupsPath" timeout 60 "$JAILRUN" --root "$ROOT" create --bundle "$T/p" one
pid=$(jr state one | jq .pid)
like "the container's process is in it" "$(cat "$cg"/jt-tree/one/cgroup.procs)" "(^|"$'\n'")$pid(\$|"$'\n'")"
is "its limit stands before start" "$(cat "$cg"/jt-tree/one/pids.max)" 10
jrun create --bundle "$T/p" two
isnt "a second container in the same cgroup: exit status" "$rc" 0
like "a second container in the same cgroup: the error" "$err" "cgroup $cg/jt-tree/one is not empty"
ok "and the first one lives" status_is one created
ok "start" jr start one
eventually 10 test "$(wc -l <"$cg"/jt-tree/one/cgroup.procs)" -ge 2
ok "delete --force" jr delete --force one
not_ok "the cgroup is gone with all its processes, and its parent" test -e "$cg"/jt-tree

# A tree that has had enough: which of the cgroups above says so, and nothing is left of the way there.
mkdir "$cg/jt-full"
full() { # NAME FILE VALUE PATH ERE
	echo "$3" >"$cg/jt-full/$2"
	in_sh true ".linux.cgroupsPath = \"/jt-full/$4\" | $(res '{pids: {limit: 10}}')"
	like "$1" "$rc $err" "^1 jailrun: cannot make cgroup $cg/jt-full/$4: $5"
	is "$1: nothing is left" "$(find "$cg/jt-full" -mindepth 1 -type d)" ""
	echo max >"$cg/jt-full/$2"
}
full "cgroup.max.descendants is reached" cgroup.max.descendants 0 a "there are 0 below $cg/jt-full, and its cgroup.max.descendants allows no more"
full "cgroup.max.descendants is reached on the way" cgroup.max.descendants 2 a/b/c "there are 2 below $cg/jt-full, and its cgroup.max.descendants"
full "cgroup.max.depth is reached" cgroup.max.depth 1 a/b "cgroup.max.depth of $cg/jt-full allows only 1 levels below it"
in_sh 'echo ran' ".linux.cgroupsPath = \"/jt-full/a/b/c\" | $(res '{pids: {limit: 10}}')"
is "with room it is made (control)" "$rc $out" "0 ran"
rmdir "$cg/jt-full"
# No internal processes: also for controllers that the kernel would take, to the harm of all that is below.
mkdir "$cg/jt-busy"
sleep 1000 &
inside=$!
echo $inside >"$cg/jt-busy/cgroup.procs"
for limit in "memory {memory: {limit: 100000000}}" "pids {pids: {limit: 10}}"; do
	in_sh true ".linux.cgroupsPath = \"/jt-busy/a\" | $(res "${limit#* }")"
	like "a cgroup above that holds processes, ${limit%% *}: an error that names it" "$rc $err" \
		"^1 .*cannot hand '\+${limit%% *}' to the cgroups below $cg/jt-busy: it holds processes itself"
	is "and it is what it was" "$(cat "$cg/jt-busy/cgroup.type" "$cg/jt-busy/cgroup.subtree_control")" "domain"
done
in_sh 'echo ran' ".linux.cgroupsPath = \"/jt-busy/a\" | $(res '{}')" --report "$T/report"
is "without a limit that is no matter" "$rc $out" "0 ran"
kill $inside
wait $inside 2>/dev/null
eventually 5 rmdir "$cg/jt-busy"

# Every row that has to do with cgroups fails, or the runtime dies at it.
owned="$(args_filter sleep 100) | .linux.cgroupsPath = \"/jt-rows/a/b\" | $(res '{pids: {limit: 10}, memory: {limit: 100000000}}') |
	(.mounts[] | select(.type == \"cgroup\") | .options) = [\"rw\"] | .linux.namespaces += [{type: \"user\"}] |
	.linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
make_bundle "$T/rows" "$owned"
jrun run --detach --trace-steps --bundle "$T/rows" jt-rows
mapfile -t rows <<<"$(awk '$2 ~ /^cgroup\./ { print $2 }' <<<"$err")"
ok "it runs when nothing is made to fail (control)" test -d "$cg/jt-rows/a/b"
gone jt-rows
is "nothing is left of it" "$(left_here)" ""
ok "there are such rows: ${rows[*]}" test ${#rows[@]} -ge 4
for row in "${rows[@]}" clone; do
	for step in "$row" "+$row"; do
		jrun run --fail-step "$step" --bundle "$T/rows" jt-rows
		like "fail $step" "$rc $err" "^1 .*\(EIO\) \(step $row\)$"
		is "fail $step: nothing is left" "$(left_here)" ""
	done
	jrun run --die-step "$row" --bundle "$T/rows" jt-rows
	is "die $row" "$rc" 137
	ok "die $row: delete --force" jr delete --force jt-rows
	is "die $row: nothing is left" "$(left_here)" ""
done

# Without cgroup.kill (Linux before 5.14): that of a threaded cgroup stands in its place, which the kernel refuses to hear.
mkdir -p "$cg/jt-threads/one"
echo threaded >"$cg/jt-threads/one/cgroup.type"
not_ok "a cgroup.kill that does not kill (control)" eval 'echo 1 >"$cg/jt-threads/one/cgroup.kill"'
# shellcheck disable=SC2016 # the container's shell's
for verb in "delete --force" "kill --all"; do
	living jt-forks "$(sh_filter 'trap "" TERM; while :; do sleep 0.05 & sleep 30 & sleep 0.02; done') | $(res '{pids: {limit: 60}}') |
		.linux.namespaces |= map(select(.type != \"pid\"))"
	cgroup_of jt-forks
	eventually 10 eval '[ "$(wc -l <"$dir/cgroup.procs")" -gt 10 ]'
	mount --bind "$cg/jt-threads/one/cgroup.kill" "$dir/cgroup.kill"
	# shellcheck disable=SC2086 # words
	# With a pid namespace of its own the end of its first process would be that of all; here its number goes on to be their session's.
	run strace -f -e trace=openat,write -o "$T/trace" "$JAILRUN" --root "$ROOT" $verb jt-forks ${verb:+$([ "$verb" = "kill --all" ] && echo KILL)}
	is "$verb without cgroup.kill" "$rc" 0 || diag "$err"
	like "$verb: cgroup.kill was tried, and then the freezer" "$(tr '\n' ' ' <"$T/trace")" 'cgroup\.kill.*EOPNOTSUPP.*cgroup\.freeze'
	ok "$verb: all are gone, however they forked" eval '[ ! -e "$dir" ] || ! grep -q "populated 1" "$dir/cgroup.events"'
	umount "$dir/cgroup.kill" 2>/dev/null
	gone jt-forks
done
rmdir "$cg/jt-threads/one" "$cg/jt-threads"

# No tree at all.
none() { # OPTION... ID: where none is mounted; the words go to the inner shell
	# shellcheck disable=SC2016 # the inner shell's
	run unshare --mount sh -c 'umount -l /sys/fs/cgroup && exec "$@"' sh "$JAILRUN" --root "$ROOT" "$@"
}
make_bundle "$T/b" "$(args_filter echo ran) | del(.mounts[] | select(.type == \"cgroup\"))"
none run --bundle "$T/b" jt-none
like "no tree, root" "$rc $err" "^1 jailrun: no cgroup v2 tree is mounted: mount one at /sys/fs/cgroup, or say --cgroup-manager disabled"
none --cgroup-manager disabled run --bundle "$T/b" jt-none
is "no tree, --cgroup-manager disabled" "$rc $out" "0 ran"
none --rootless true run --bundle "$T/b" jt-none
is "no tree, --rootless true" "$rc $out" "0 ran"
make_bundle "$T/b" "$(args_filter echo ran) | $(res '{pids: {limit: 10}}')"
none --rootless true run --bundle "$T/b" jt-none
like "no tree, a limit" "$rc $err" "^1 jailrun: linux.resources.pids.limit: no cgroup v2 tree is mounted; remove the limit, or mount one"

# Inside a container: its cgroup is the top of the tree there.
mkdir -p "$T/inner"
make_bundle "$T/inner" "$(args_filter bite forks 6)"
jq -c ".root.path = \"/inner/rootfs\" | .linux.cgroupsPath = null" "$T/inner/config.json" >"$T/inner/free.json"
jq -c "$(res '{pids: {limit: 4}}')" "$T/inner/free.json" >"$T/inner/limited.json"
mkdir -p "$T/inner/rootfs"
bind() { # SOURCE DESTINATION
	printf '{destination: "%s", type: "bind", source: "%s", options: ["rbind"]}' "$2" "$1"
}
every=$(jq -cn "[\"CHOWN\",\"DAC_OVERRIDE\",\"FOWNER\",\"KILL\",\"MKNOD\",\"NET_ADMIN\",\"SETGID\",\"SETUID\",\"SETPCAP\",\"SYS_ADMIN\",\"SYS_CHROOT\",\"SYS_PTRACE\",
	\"SYS_RESOURCE\",\"NET_BIND_SERVICE\",\"AUDIT_WRITE\"] | map(\"CAP_\" + .)")
nested() { # RESOURCES
	in_sh 'j() { /jailrun --root /run/s run --bundle /inner --config "/inner/$1.json" inner 2>&1; echo "$?"; }
		j free; j limited; mkdir /sys/fs/cgroup/own; for p in $(cat /sys/fs/cgroup/cgroup.procs); do echo $p >/sys/fs/cgroup/own/cgroup.procs; done 2>/dev/null
		j limited; cd /sys/fs/cgroup; find . -mindepth 1 -type d' \
		".process.capabilities = {bounding: $every, effective: $every, permitted: $every} | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.noNewPrivileges = false |
		(.mounts[] | select(.type == \"cgroup\") | .options) = [\"rw\"] | .mounts += [$(bind "$T/inner" /inner), $(bind "$ROOTFS" /inner/rootfs), $(bind /usr/lib /lib),
		$(bind /usr/lib64 /lib64), $(bind /usr/lib /usr/lib), $(bind "$JAILRUN" /jailrun), {destination: \"/run\", type: \"tmpfs\", source: \"tmpfs\"}] |
		.linux.resources = $1 | .linux.resources.devices = [{allow: true, access: \"rwm\"}]"
	mapfile -t lines <<<"$out"
}
nested '{}'
is "inside a container: it runs" "${lines[*]:0:2}" "made 6 0" || diag "$out" "$err"
like "inside a container: it has every controller, and cannot hand one down beside its own processes" "${lines[*]:2:2}" \
	"cannot hand '\+pids' to the cgroups below /sys/fs/cgroup: it holds processes itself.* 1$"
nested '{pids: {limit: 100}}'
is "inside one that has the controller: it runs" "${lines[*]:0:2}" "made 6 0"
like "a limit while the container's own processes are in the way" "${lines[*]:2:2}" "to the cgroups below /sys/fs/cgroup: it holds processes itself.* 1$"
is "a limit when they are out of the way: it bites" "${lines[*]:4:2}" "made 3 EAGAIN 0"
is "nothing is left there" "${lines[*]:6}" "./own"
is "nothing is left of all these" "$(left_here)" ""
