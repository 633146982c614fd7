# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# Huge pages: by a reservation when they are mapped (ENOMEM), by the page when they are touched (SIGBUS), and as a file.
echo 8 >/proc/sys/vm/nr_hugepages
for way in "" noreserve; do
	for n in 2 3; do
		# shellcheck disable=SC2086 # words
		in_container "$(args_filter bite huge $n $way) | $(res '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}')"
		words[n]="$rc $(xargs <<<"$out")"
	done
	is "hugepageLimits, ${way:-reserved}: below" "${words[2]}" "0 mapped touched"
	case $way in
	"") is "hugepageLimits: a reservation above it is refused" "${words[3]}" "1 ENOMEM" ;;
	*) is "hugepageLimits: a page above it is not given: SIGBUS" "${words[3]}" "135 mapped" ;;
	esac
done
huge='.mounts += [{destination: "/huge", type: "hugetlbfs", source: "none", options: ["pagesize=2M"]}]'
for limit in 4194304 2097152 0; do
	in_sh 'fallocate -l 4194304 /huge/f && echo taken; cat /sys/fs/cgroup/hugetlb.2MB.max /sys/fs/cgroup/hugetlb.2MB.rsvd.max' \
		"$huge | $(res "{hugepageLimits: [{pageSize: \"2MB\", limit: $limit}]}")"
	case $limit in 4194304) taken="taken " ;; *) taken="" ;; esac
	is "hugepageLimits of $limit, a file of 4 MB" "${out//[[:space:]]/ }" "$taken$limit $limit"
done
in_sh 'cat /sys/fs/cgroup/hugetlb.2MB.max' "$(res '{hugepageLimits: [{pageSize: "64KB", limit: 0}, {pageSize: "2MB", limit: 2097152}]}')"
is "no pages of a size that the machine does not have" "$rc $out" "0 2097152"
refuses "pages of a size that the machine does not have" '{hugepageLimits: [{pageSize: "64KB", limit: 65536}]}' \
	'hugepageLimits\[0\]: this kernel has no hugetlb.64KB.max'
living jt-huge "$idle | $(res '{}')"
jrun exec jt-huge bite huge 3
is "no hugepageLimits" "$rc" 0
ok "update of hugepageLimits" jr update --resources - jt-huge <<<'{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
jrun exec jt-huge bite huge 3
is "update of hugepageLimits bites" "$rc $out" "1 ENOMEM"
gone jt-huge
echo 0 >/proc/sys/vm/nr_hugepages
