# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# rdma: without a device, and with one of software.
refuses "rdma without the device" '{rdma: {"mlx5_1": {hcaHandles: 3}}}' \
	"rdma\[\"mlx5_1\"\]: the kernel refuses 'mlx5_1 hca_handle=3' in .*/rdma.max: .*there is no such RDMA device"
if modprobe rdma_rxe 2>/dev/null && ip link add dummy0 type dummy && ip link set dummy0 up && rdma link add rxe0 type rxe netdev dummy0; then
	modprobe ib_uverbs
	uverbs=$(cat /sys/class/infiniband_verbs/uverbs0/dev)
	node="$docker_caps | .linux.devices = [{path: \"/dev/uverbs\", type: \"c\", major: ${uverbs%:*}, minor: ${uverbs#*:}}]"
	allow="devices: [{allow: true, type: \"c\", major: ${uverbs%:*}, minor: ${uverbs#*:}, access: \"rw\"}]"
	in_sh 'bite rdma /dev/uverbs 5; cat /sys/fs/cgroup/rdma.max' "$node | $(res "{$allow, rdma: {\"rxe0\": {hcaHandles: 3, hcaObjects: 10000}}}")"
	is "rdma: the fourth handle is refused" "$rc $(xargs <<<"$out")" "0 made 3 EAGAIN rxe0 hca_handle=3 hca_object=10000"
	in_sh 'bite rdma /dev/uverbs 5; cat /sys/fs/cgroup/rdma.max' "$node | $(res "{$allow, rdma: {\"rxe0\": {hcaObjects: 4294967295}}}")"
	is "rdma: no limit of handles" "$rc $(xargs <<<"$out")" "0 made 5 rxe0 hca_handle=max hca_object=max"
	living jt-rdma "$idle | $node | $(res "{$allow}")"
	ok "update of rdma" jr update --resources - jt-rdma <<<'{"rdma": {"rxe0": {"hcaHandles": 2}}}'
	jrun exec jt-rdma bite rdma /dev/uverbs 5
	is "update of rdma bites" "$out" "made 2 EAGAIN"
	gone jt-rdma
else
	skip "rdma with a device" "no rxe in this kernel"
fi
