#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# containerd's CRI plugin, as the kubelet calls it: pods with a pause container, containers in them by the RuntimeClass "jailrun", the policy of
# a pod or a container by annotation. The CNI plugin is the test's own: a network namespace with loopback.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
enter containerd ctr python3
world
echo "# $(containerd --version)"
/usr/bin/python3 -c 'import grpc' 2>/dev/null || skip_all "no grpc for /usr/bin/python3 (package python3-grpcio)"

# A hierarchy without the controllers of v2: a pod has no share of the processor there, and no cgroup.
no_cgroup=true
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || no_cgroup=false
# handler NAME BINARY
handler() {
	cat <<-EOF
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$1]
		  runtime_type = "io.containerd.runc.v2"
		  pod_annotations = ["jailrun.*"]
		  container_annotations = ["jailrun.*"]
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$1.options]
		    BinaryName = "$2"
	EOF
}
# containerd asks for `loopback` by itself, and for what $W/cni names.
cni() {
	mkdir -p "$W/cni" "$W/bin"
	echo '{"cniVersion": "0.4.0", "name": "test", "plugins": [{"type": "dummy"}]}' >"$W/cni/10-test.conflist"
	command_file loopback <<-'EOF'
		case $CNI_COMMAND in
		ADD)
			nsenter --net="$CNI_NETNS" ip link set lo up || exit 1
			echo "{\"cniVersion\": \"0.4.0\", \"interfaces\": [{\"name\": \"$CNI_IFNAME\", \"sandbox\": \"$CNI_NETNS\"}],
				\"ips\": [{\"version\": \"4\", \"interface\": 0, \"address\": \"10.99.0.2/24\"}]}"
			;;
		VERSION) echo '{"cniVersion": "0.4.0", "supportedVersions": ["0.3.1", "0.4.0"]}' ;;
		esac
	EOF
	cp "$W/bin/loopback" "$W/bin/dummy"
}
start_containerd() {
	mkdir -p "$W/root" "$W/state" "$W/pods" "$W/policies"
	jq -n --arg w "$W" '{policyDir: ($w + "/policies"), audit: {to: "file", path: ($w + "/denials")}}' >"$W/jailrun.json"
	printf '#!/bin/sh\nexec %q --admin-config %q "$@"\n' "$JAILRUN" "$W/jailrun.json" >"$W/by-annotation"
	chmod 755 "$W/by-annotation"
	{
		cat <<-EOF
			version = 2
			root = "$W/root"
			state = "$W/state"
			[grpc]
			  address = "$W/sock"
			[ttrpc]
			  address = "$W/sock.ttrpc"
			[plugins."io.containerd.grpc.v1.cri"]
			  sandbox_image = "localhost/pause:latest"
			  restrict_oom_score_adj = true
			  disable_cgroup = $no_cgroup
			  stream_server_address = "127.0.0.1"
			  stream_server_port = "0"
			[plugins."io.containerd.grpc.v1.cri".cni]
			  bin_dir = "$W/bin"
			  conf_dir = "$W/cni"
			[plugins."io.containerd.grpc.v1.cri".containerd]
			  default_runtime_name = "plain"
		EOF
		handler plain "$JAILRUN"
		[ -z "$is_jailrun" ] || handler jailed "$(jail_wrapper)"
		[ -z "$is_jailrun" ] || handler jailrun "$W/by-annotation"
	} >"$W/config.toml"
	[ -z "$is_jailrun" ] || "$JAILRUN" install containerd --file "$W/config.toml" --name installed --path "$W/by-annotation" --write 2>&1 | diag
	engine_log=$W/containerd.log
	containerd -c "$W/config.toml" -l warn >"$engine_log" 2>&1 &
	mkfifo "$W/requests"
	/usr/bin/python3 "$here/cri.py" "$W/sock" "$W/requests" >"$W/cri.log" 2>&1 &
	until_true 20 cri Version || {
		diag <"$engine_log"
		echo "Bail out! containerd does not start"
		exit 1
	}
}
# cri METHOD [JSON]
command_file cri <<EOF
fifo=$W/answer.\$\$
mkfifo "\$fifo"
printf '%s\t%s\t%s\n' "\$1" "\$fifo" "\${2-}" >"$W/requests"
{
	read -r status
	text=\$(cat)
} <"\$fifo"
rm -f "\$fifo"
[ "\$status" = 0 ] || {
	echo "\$text" >&2
	exit 1
}
echo "\$text"
EOF
# pod HANDLER NAME [JQ]: runs a pod, prints its id; what JQ makes of its configuration is kept in $W/pods.
command_file pod <<EOF
jq -n --arg name "\$2" '{metadata: {name: \$name, uid: \$name, namespace: "test"}, hostname: "of-pod", log_directory: "$W/pods",
	linux: {cgroup_parent: "/$N", security_context: {namespace_options: {network: 0, pid: 1}}}}' | jq -c "\${3-.}" >"$W/pods/\$2.json"
cri RunPodSandbox "\$(jq -nc --arg handler "\$1" --slurpfile config "$W/pods/\$2.json" '{config: \$config[0], runtime_handler: \$handler}')" |
	jq -r .pod_sandbox_id
EOF
# container POD-ID POD-NAME NAME JQ COMMAND...: creates a container, prints its id.
command_file container <<EOF
pod=\$1 of=\$2 name=\$3 filter=\$4
shift 4
config=\$(jq -nc --arg name "\$name" '{metadata: {name: \$name}, image: {image: "localhost/bb:latest"}, command: \$ARGS.positional,
	log_path: (\$name + ".log"), linux: {security_context: {namespace_options: {network: 0, pid: 1}}}}' --args -- "\$@" | jq -c "\$filter")
cri CreateContainer "\$(jq -nc --arg pod "\$pod" --argjson config "\$config" --slurpfile sandbox "$W/pods/\$of.json" \\
	'{pod_sandbox_id: \$pod, config: \$config, sandbox_config: \$sandbox[0]}')" | jq -r .container_id
EOF
command_file by_id <<'EOF'
cri "$1" "$(jq -nc --arg id "$2" '{container_id: $id}')"
EOF
command_file by_pod <<'EOF'
cri "$1" "$(jq -nc --arg id "$2" '{pod_sandbox_id: $id}')"
EOF
# state_of ID: the name of its state and its exit code.
command_file state_of <<'EOF'
by_id ContainerStatus "$1" | jq -r '.status | "\(["created", "running", "exited", "unknown"][.state // 0]) \(.exit_code // 0)"'
EOF
command_file state_is <<'EOF'
[ "$(state_of "$1")" = "$2" ]
EOF
# in_it ID COMMAND...: ExecSync; the output, and the exit code.
command_file in_it <<'EOF'
id=$1
shift
answer=$(cri ExecSync "$(jq -nc --arg id "$id" '{container_id: $id, cmd: $ARGS.positional, timeout: 20}' --args -- "$@")") || exit 1
jq -j '.stdout // ""' <<<"$answer"
jq -j '.stderr // ""' <<<"$answer" >&2
exit "$(jq '.exit_code // 0' <<<"$answer")"
EOF
# streamed -t|-i ID COMMAND...: Exec, as `crictl exec` does it, with a terminal or with stdin.
command_file streamed <<EOF
how=\$1 id=\$2
shift 2
url=\$(cri Exec "\$(jq -nc --arg id "\$id" --arg how "\$how" '{container_id: \$id, cmd: \$ARGS.positional, stdin: 1, stdout: 1} +
	if \$how == "-t" then {tty: 1} else {stderr: 1} end' --args -- "\$@")" | jq -r .url) || exit 1
exec /usr/bin/python3 "$here/cri_stream.py" "\$url"
EOF
# attached ID: Attach to its terminal.
command_file attached <<EOF
url=\$(cri Attach "\$(jq -nc --arg id "\$1" '{container_id: \$id, stdin: 1, stdout: 1, tty: 1}')" | jq -r .url) || exit 1
exec /usr/bin/python3 "$here/cri_stream.py" "\$url"
EOF
# ran POD-ID POD-NAME NAME JQ COMMAND...: creates, starts, waits, prints what it said and its exit code.
command_file ran <<EOF
id=\$(container "\$@") || exit 1
by_id StartContainer "\$id" >/dev/null || exit 1
for i in \$(seq 100); do
	case \$(state_of "\$id") in exited*) break ;; esac
	sleep 0.1
done
# Each line of the log: time, stream, a tag.
cut -d' ' -f4- "$W/pods/\$3.log"
code=\$(by_id ContainerStatus "\$id" | jq '.status.exit_code // 0')
by_id RemoveContainer "\$id" >/dev/null
rm -f "$W/pods/\$3.log"
exit "\$code"
EOF

suite() {
	local handler=$1 what=$2 name=p$RANDOM id c

	expect "$what: pod: RunPodSandbox" 0 "????????????????????????????????*" pod "$handler" "$name"
	id=$(cat "$W/stdout")
	expect "$what: pod: it is ready" 0 0 bash -c 'by_pod PodSandboxStatus "$0" | jq ".status.state // 0"' "$id"
	expect "$what: run of a container: exit code 0, logs" 0 hi ran "$id" "$name" a1 . /bin/echo hi
	expect "$what: exit code 37" 37 "" ran "$id" "$name" a2 . /bin/sh -c 'exit 37'
	expect "$what: environment, working directory" 0 "v /tmp" ran "$id" "$name" a3 \
		'.envs = [{key: "A", value: "v"}] | .working_dir = "/tmp"' /bin/sh -c 'echo $A $PWD'
	expect "$what: user and group" 0 "1000:1000" ran "$id" "$name" a4 \
		'.linux.security_context += {run_as_user: {value: 1000}, run_as_group: {value: 1000}}' /bin/sh -c 'echo $(id -u):$(id -g)'
	expect "$what: hostname of the pod" 0 of-pod ran "$id" "$name" a5 . /bin/hostname
	expect "$what: capabilities dropped" 0 0000000000000000 ran "$id" "$name" a6 \
		'.linux.security_context.capabilities = {drop_capabilities: ["ALL"]}' /bin/sh -c "awk '/CapBnd/ {print \$2}' /proc/self/status"
	expect "$what: a read-only root" 0 refused ran "$id" "$name" a7 '.linux.security_context.readonly_rootfs = 1' \
		/bin/sh -c 'echo x 2>/dev/null >/file || echo refused'
	expect "$what: a bind mount, read-only" 0 "seen refused" ran "$id" "$name" a8 \
		".mounts = [{container_path: \"/mnt\", host_path: \"$W/shared\", readonly: 1}]" /bin/sh -c \
		'echo $(cat /mnt/file) $(echo x 2>/dev/null >/mnt/file || echo refused)'
	expect "$what: the runtime's seccomp profile" 0 refused ran "$id" "$name" a9 \
		'.linux.security_context.seccomp = {profile_type: 0}' /bin/sh -c 'unshare -m true 2>/dev/null && echo allowed || echo refused'
	expect "$what: a seccomp profile of one's own" 0 "*quota*" ran "$id" "$name" b1 \
		".linux.security_context.seccomp = {profile_type: 2, localhost_ref: \"$W/profile.json\"}" /bin/sh -c 'mkdir /tmp/x 2>&1 || true'
	expect "$what: without a seccomp profile" 0 0 ran "$id" "$name" b2 '.linux.security_context.seccomp = {profile_type: 1}' \
		/bin/sh -c "awk '/Seccomp:/ {print \$2 * $([ "$handler" = plain ] && echo 1 || echo 0)}' /proc/self/status"
	expect "$what: no_new_privs" 0 1 ran "$id" "$name" b3 '.linux.security_context.no_new_privs = 1' \
		/bin/sh -c "awk '/NoNewPrivs/ {print \$2}' /proc/self/status"
	expect "$what: a terminal" 0 "*/dev/pts/0*" ran "$id" "$name" b4 '.tty = 1' /bin/tty
	c=$(container "$id" "$name" b6 '.tty = 1 | .stdin = 1' /bin/env TERM=dumb 'PS1=READY> ' /bin/sh -i)
	by_id StartContainer "$c" >/dev/null
	expect "$what: attach to a terminal" 0 "*sum 42*" bash -c \
		'(for i in 1 2 3; do sleep 1; echo "echo sum \$((40+2))"; done; for i in $(seq 10); do echo exit; sleep 1; ! state_is "$0" "exited 0" || break; done) |
			pty attached "$0"' "$c"
	expect "$what: attach: the shell has ended" 0 "" until_true 5 state_is "$c" "exited 0"
	by_id RemoveContainer "$c" >/dev/null
	c=$(container "$id" "$name" b5 . /bin/no-such-program)
	expect_error "$what: a missing program" any 'no such file' by_id StartContainer "$c"
	expect "$what: a missing program: exit code 128" 0 "exited 128" state_of "$c"
	by_id RemoveContainer "$c" >/dev/null

	c=$(container "$id" "$name" c1 ".mounts = [{container_path: \"/mnt\", host_path: \"$W/shared\"}]" \
		/bin/sh -c 'trap "exit 11" TERM; while :; do sleep 0.1; done')
	expect "$what: created, not running" 0 "created 0" state_of "$c"
	expect "$what: detached: StartContainer" 0 "{}" by_id StartContainer "$c"
	expect "$what: inspect: it runs" 0 "" until_true 5 state_is "$c" "running 0"
	executed "$what" "$c"
	expect "$what: stop: SIGTERM reaches the handler" 0 "{}" cri StopContainer "{\"container_id\": \"$c\", \"timeout\": 5}"
	expect "$what: stop: its exit code" 0 "exited 11" state_of "$c"
	expect "$what: RemoveContainer" 0 "{}" by_id RemoveContainer "$c"
	c=$(container "$id" "$name" c2 . /bin/sh -c 'trap : TERM; while :; do sleep 0.1; done')
	by_id StartContainer "$c" >/dev/null
	sleep 0.3
	expect "$what: stop with time-out" 0 "{}" cri StopContainer "{\"container_id\": \"$c\", \"timeout\": 1}"
	expect "$what: stop with time-out: killed" 0 "exited 137" state_of "$c"
	by_id RemoveContainer "$c" >/dev/null
	expect "$what: pod: StopPodSandbox" 0 "{}" by_pod StopPodSandbox "$id"
	expect "$what: pod: RemovePodSandbox" 0 "{}" by_pod RemovePodSandbox "$id"
	shared "$handler" "$what"
	name=h$RANDOM
	id=$(pod "$handler" "$name" '.linux.security_context.namespace_options.network = 2 | del(.hostname)')
	expect "$what: a pod with the host's network" 0 "*$(readlink /proc/self/ns/net | tr -dc 0-9)*" ran "$id" "$name" d3 \
		'.linux.security_context.namespace_options.network = 2' /bin/readlink /proc/self/ns/net
	by_pod StopPodSandbox "$id" >/dev/null && by_pod RemovePodSandbox "$id" >/dev/null
}

executed() {
	local what=$1 c=$2

	expect "$what: exec: output and exit code 0" 0 hi in_it "$c" /bin/echo hi
	expect "$what: exec: exit code 37" 37 "" in_it "$c" /bin/sh -c 'exit 37'
	expect "$what: exec: stderr apart from stdout" 0 out in_it "$c" /bin/sh -c 'echo out; echo err >&2'
	expect "$what: exec: ended by a signal" 137 "" in_it "$c" /bin/sh -c 'kill -9 $$'
	expect_error "$what: exec of a missing program" any 'no such file' in_it "$c" /bin/no-such-program
	expect "$what: exec: a hundred kilobytes" 0 20000 bash -c 'in_it "$0" /bin/seq 20000 | wc -l' "$c"
	expect "$what: exec: ten at once" 0 "0123456789" bash -c \
		'for i in 0 1 2 3 4 5 6 7 8 9; do in_it "$0" /bin/echo $i & done | sort | tr -d "\n"; wait' "$c"
	expect "$what: exec -i, stdin" 0 "got line" bash -c '(echo line; sleep 1) | streamed -i "$0" /bin/sh -c "read -r a; echo got \$a"' "$c"
	expect "$what: exec -i: stderr apart from stdout, exit code" 6 out streamed -i "$c" /bin/sh -c 'echo out; echo err >&2; exit 6'
	session "$what: exec -it" streamed -t "$c" /bin/env TERM=dumb 'PS1=READY> ' /bin/sh -i
	if [ "$no_cgroup" = false ]; then
		expect "$what: update of resources" 0 "{}" cri UpdateContainerResources "{\"container_id\": \"$c\", \"linux\": {\"memory_limit_in_bytes\": 50331648}}"
		expect "$what: stats" 0 "*working_set_bytes*value*" by_id ContainerStats "$c"
	fi
}

# A pod whose containers share its pid namespace: shareProcessNamespace of Kubernetes.
shared() {
	local handler=$1 what=$2 name=s$RANDOM id a b share='.linux.security_context.namespace_options.pid = 0'

	id=$(pod "$handler" "$name" "$share")
	a=$(container "$id" "$name" d1 "$share" /bin/sleep 311)
	b=$(container "$id" "$name" d2 "$share" /bin/sleep 312)
	expect "$what: shared namespaces: both start" 0 "*" bash -c 'by_id StartContainer "$0" && by_id StartContainer "$1"' "$a" "$b"
	expect "$what: shared namespaces: one sees the other and the pause container" 0 "*sleep 100000*sleep 311*sleep 312*" \
		in_it "$a" /bin/sh -c 'ps -o args | sort'
	expect "$what: shared namespaces: the same ipc and uts" 0 same bash -c 'for n in pid ipc uts net; do
		[ "$(in_it "$0" /bin/readlink /proc/self/ns/$n)" = "$(in_it "$1" /bin/readlink /proc/self/ns/$n)" ] || exit; done; echo same' "$a" "$b"
	expect "$what: shared namespaces: one ends alone" 0 "exited 137 running 0" bash -c \
		'cri StopContainer "{\"container_id\": \"$0\"}" >/dev/null; until_true 5 state_is "$0" "exited 137"; echo $(state_of "$0") $(state_of "$1")' "$a" "$b"
	expect "$what: shared namespaces: the pod's end is the end of all" 0 "" bash -c \
		'by_pod StopPodSandbox "$0" >/dev/null && until_true 5 state_is "$1" "exited 137" && by_pod RemovePodSandbox "$0" >/dev/null' "$id" "$b"
}

# RuntimeClass jailrun: the handler; the annotation picks the policy.
annotations() {
	local id id2 name=n$RANDOM

	echo '{"exec": {"allow": ["/bin/busybox"]}, "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls":
		[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 122}]}}' >"$W/policies/judge.json"
	id=$(pod jailrun "$name" '.annotations = {"jailrun.policy": "judge"}')
	expect "annotation of the pod: the policy that it names" 0 "*quota*" ran "$id" "$name" e1 . /bin/sh -c 'mkdir /tmp/x 2>&1 || true'
	expect "annotation: the denial is in the administrator's log, with the container and the pod" 0 true jq -s --arg pod "$name" \
		'any(.[]; (.container | length) == 64 and .policy == "judge" and .syscall == "mkdir" and
			.annotations["io.kubernetes.cri.container-name"] == "e1" and .annotations["io.kubernetes.cri.sandbox-name"] == $pod)' "$W/denials"
	expect "annotation: and what the container says is its own" 0 said ran "$id" "$name" e7 . /bin/sh -c 'mkdir /tmp/x 2>/dev/null; echo said >&2'
	by_pod StopPodSandbox "$id" >/dev/null && by_pod RemovePodSandbox "$id" >/dev/null
	name=n$RANDOM
	id=$(pod jailrun "$name")
	expect "annotation of a container: the policy that it names" 0 "*quota*" ran "$id" "$name" e2 \
		'.annotations = {"jailrun.policy": "judge"}' /bin/sh -c 'mkdir /tmp/x 2>&1 || true'
	expect "annotation: none there, no policy" 0 made ran "$id" "$name" e3 . /bin/sh -c 'mkdir /tmp/x && echo made'
	expect_error "annotation: a policy that there is not" any "policy 'no-such' is not built in" ran "$id" "$name" e4 \
		'.annotations = {"jailrun.policy": "no-such"}' /bin/true
	expect_error "annotation: it cannot switch the jail off" any 'annotation cannot switch the jail off' ran "$id" "$name" e5 \
		'.annotations = {"jailrun.policy": "none"}' /bin/true
	id2=$(pod installed "$name-2" '.annotations = {"jailrun.policy": "judge"}')
	expect "annotation: the handler that jailrun install has registered" 0 "*quota*" ran "$id2" "$name-2" e8 . /bin/sh -c 'mkdir /tmp/x 2>&1 || true'
	by_pod StopPodSandbox "$id2" >/dev/null && by_pod RemovePodSandbox "$id2" >/dev/null
	expect "annotation: another key is not passed on" 0 made ran "$id" "$name" e6 '.annotations = {"other.policy": "judge"}' \
		/bin/sh -c 'mkdir /tmp/x && echo made'
	by_pod StopPodSandbox "$id" >/dev/null && by_pod RemovePodSandbox "$id" >/dev/null
}

may_lose_output=1
mkdir "$W/shared"
echo seen >"$W/shared/file"
jq -n '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 122}]}' >"$W/profile.json"
oci_archive
oci_image pause --config.cmd /bin/sleep --config.cmd 100000
cni
start_containerd
for image in bb pause; do
	expect "import of the image $image" 0 "*" ctr -a "$W/sock" -n k8s.io images import "$W/$image.tar"
done
echo "# $(cri Version)"
sleep 0.5
! both_ways || suite plain runtime
if [ -n "$is_jailrun" ]; then
	suite jailed "with the jail"
	annotations
fi
nothing_left "nothing is left" /run/containerd/runc/k8s.io
while read -r feature; do
	cannot "$feature" "the kubelet does not have it"
done <<'EOF'
-t: size, resize, Ctrl-C
detach by Ctrl-P Ctrl-Q
125, 126, 127
pause, unpause
restart
restart policy
rm -f
top
events
cp
volumes
tmpfs
ids remapped
--init
health checks
build with RUN
limit of processes
EOF
cannot "-t: size, resize, Ctrl-C" "worked by exec -it; attach only types"
cannot "health checks" "the kubelet's probes are exec"
[ "$no_cgroup" = false ] || for feature in stats update "limit of memory"; do
	cannot "$feature" "this machine has no such controller in v2: vm/engines.t"
done
features all
finish
