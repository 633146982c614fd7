#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# process.selinuxLabel and linux.mountLabel, in a machine whose kernel runs SELinux with a policy of three types. It permits everything: what
# is tested is that the labels are where config.json wants them.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm

if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq checkpolicy
	need_runtime
	make_busybox_rootfs "$T/rootfs"
	cat >"$T/policy.conf" <<-'END'
		class process
		class filesystem
		class dir
		class file
		class key
		sid kernel
		sid security
		sid unlabeled
		sid fs
		sid file
		class process { transition dyntransition setexec setkeycreate }
		class filesystem { mount relabelfrom relabelto associate }
		class dir { search }
		class file { read entrypoint }
		class key { view }
		policycap nnp_nosuid_transition;
		type base_t;
		type workload_t;
		type data_t;
		role object_r;
		role r;
		role r types { base_t workload_t };
		allow base_t workload_t : process transition;
		user u roles r;
		sid kernel u:r:base_t
		sid security u:object_r:base_t
		sid unlabeled u:object_r:base_t
		sid fs u:object_r:base_t
		sid file u:object_r:base_t
		fs_use_trans tmpfs u:object_r:base_t;
		fs_use_trans mqueue u:object_r:base_t;
		fs_use_trans devpts u:object_r:base_t;
		genfscon proc / u:object_r:base_t
		genfscon sysfs / u:object_r:base_t
	END
	ok "the policy is compiled" checkpolicy -U allow -c 31 -o "$T/policy" "$T/policy.conf" || done_testing
	ROOTFS=$T/rootfs POLICY_FILE=$T/policy TEST_TMP=/run "$here/run" --timeout 300 --append "security=selinux selinux=1 enforcing=0" -- \
		"$here/selinux.t"
	exit
fi

count=1 # of the host's part
mount -t selinuxfs selinuxfs /sys/fs/selinux
in_sh true '.process.selinuxLabel = "kernel"'
like "no policy is loaded: no label can be had" "$err" "process.selinuxLabel: .*without SELinux or a policy"
ok "the policy is loaded" dd if="$POLICY_FILE" of=/sys/fs/selinux/load bs=1M
is "the runtime's own label" "$(tr -d '\0' </proc/self/attr/current)" "u:r:base_t"

look='tr -d "\000" </proc/$$/attr/current'
label='.process.selinuxLabel = "u:r:workload_t"'
printf '{"exec": {"allow": ["/bin/"]}}' >"$T/trace.json"
for POLICY in none default "$T/trace.json"; do
	name=${POLICY##*/}
	in_sh "$look"
	is "$name: without a label" "$rc $out" "0 u:r:base_t"
	in_sh "$look" "$label"
	is "$name: with one" "$rc $out" "0 u:r:workload_t" || diag "$err"
	in_sh "$look" "$label | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}"
	is "$name: of a user" "$rc $out" "0 u:r:workload_t"
	in_sh "$look" '.process.selinuxLabel = "u:r:none_t"'
	is "$name: a label that the policy does not know: nothing runs" "$rc $out" "1 "
	like "$name: a label that the policy does not know: the error" "$err" "process.selinuxLabel: .*'u:r:none_t'.*EINVAL"
done

POLICY=default
look='for m in /dev /dev/shm /proc /sys/firmware; do grep " $m .* - " /proc/self/mountinfo | grep -o "context=[^, ]*" | sed "s,^,$m ,"; done'
mounts='.linux.mountLabel = "u:object_r:data_t" | .linux.maskedPaths = ["/sys/firmware"]'
in_sh "$look" "$mounts"
is "mountLabel: the tmpfs and the mask" "$out" "/dev context=u:object_r:data_t
/dev/shm context=u:object_r:data_t
/sys/firmware context=u:object_r:data_t"
[ "$rc" = 0 ] || diag "$err"
in_sh "$look" '.linux.maskedPaths = ["/sys/firmware"]'
unlike "without a mountLabel" "$out" data_t
make_bundle "$T/c" "$(sh_filter true) | $mounts"
ok "create with a mountLabel" jr create --bundle "$T/c" labelled </dev/null
of='import os, sys; print(*(os.getxattr("/proc/" + sys.argv[1] + "/root/dev/" + f, "security.selinux").decode().strip("\0") for f in ("mqueue", "null")))'
run python3 -c "$of" "$(jr state labelled | jq .pid)"
is "mountLabel: message queues and devices" "$out" "u:object_r:data_t u:object_r:data_t"
in_sh true '.linux.mountLabel = "u:object_r:none_t"'
is "a mountLabel that the policy does not know" "$rc" 1
like "a mountLabel that the policy does not know: the error" "$err" "context=u:object_r:none_t"
done_testing
