# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Root file systems and bundles. Source it after common.sh.

# The image of a busybox: static, with a link for each applet, and the directories that containers expect.
make_busybox_rootfs() {
	local dir=$1 applet busybox
	busybox=$(command -v busybox) || skip_all "needs busybox-static"
	mkdir -p "$dir"/{bin,dev,etc,proc,sys,tmp,root,run,usr,var,home}
	chmod 1777 "$dir/tmp"
	cp "$busybox" "$dir/bin/busybox"
	for applet in $("$busybox" --list); do
		case $applet in busybox) ;; *) ln -sf busybox "$dir/bin/$applet" ;; esac
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n' >"$dir/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$dir/etc/group"
}

debian_mirror() {
	apt-get indextargets --format "\$(REPO_URI) \$(CODENAME)" 2>/dev/null | awk '$1 !~ /security/ && $2 == "bookworm" { print $1; exit }'
}

# make_debian_rootfs NAME [PACKAGES]: a minbase Debian with the packages (a,b,c), made once and kept in build/rootfs-NAME; prints its path.
# Tests that write into it take a copy.
make_debian_rootfs() {
	local name=$1 include=${2-} dir=$TOP_SRCDIR/build/rootfs-$1 mirror
	mkdir -p "$TOP_SRCDIR/build"
	(
		flock 9
		if [ ! -e "$dir/.complete" ]; then
			rm -rf "$dir"
			mirror=$(debian_mirror)
			debootstrap --variant=minbase ${include:+--include="$include"} bookworm "$dir" \
				${mirror:+"$mirror"} >"$dir.log" 2>&1 </dev/null || {
				tail -n 5 "$dir.log" >&2
				exit 1
			}
			rm -rf "$dir"/var/cache/apt/archives/*.deb "$dir"/var/lib/apt/lists/*
			touch "$dir/.complete"
		fi
	) 9>"$TOP_SRCDIR/build/.rootfs-$name.lock" || return 1
	echo "$dir"
}

# make_bundle DIR [FILTER [JQ ARGUMENTS]]: what `jailrun spec` writes, without a terminal, with a writable busybox rootfs, and
# changed by the jq filter. The rootfs is DIR/rootfs; when $T/rootfs exists it is shared by all bundles of the test.
make_bundle() {
	local dir=$1 filter=${2-.} rootfs=rootfs
	shift
	[ $# -gt 0 ] && shift
	mkdir -p "$dir"
	if [ -n "${ROOTFS-}" ]; then
		rootfs=$ROOTFS
	elif [ ! -e "$dir/rootfs" ]; then
		make_busybox_rootfs "$dir/rootfs"
	fi
	if [ ! -e "$T/spec.json" ]; then
		mkdir -p "$T/spec.d"
		(cd "$T/spec.d" && "$JAILRUN" spec) || return 1
		mv "$T/spec.d/config.json" "$T/spec.json"
	fi
	jq "$@" --arg rootfs "$rootfs" '.process.terminal = false | .root = {path: $rootfs, readonly: false} | '"$filter" "$T/spec.json" \
		>"$dir/config.json"
}

# args_filter WORD...: the jq filter that sets process.args. Without jq, whose start alone costs more than that of a container.
args_filter() {
	local w list=""
	for w; do
		w=${w//\\/\\\\} w=${w//\"/\\\"} w=${w//$'\n'/\\n} w=${w//$'\t'/\\t} w=${w//$'\r'/\\r} w=${w//$'\e'/\\u001b}
		list+=",\"$w\""
	done
	printf '.process.args = [%s]' "${list#,}"
}

# sh_filter SCRIPT: the jq filter that runs a script of busybox's shell.
sh_filter() {
	args_filter /bin/sh -c "$1"
}

# in_container FILTER [OPTIONS of jailrun run]: makes $T/b anew and runs it in the foreground; sets $rc, $out, $err.
in_container() {
	local filter=$1
	shift
	make_bundle "$T/b" "$filter" || return 1
	seq_id=$((${seq_id:-0} + 1))
	jrun ${POLICY:+--policy "$POLICY"} run --bundle "$T/b" "$@" "jt-$$-$seq_id"
}

# in_sh SCRIPT [FILTER [OPTIONS]]: the same for a shell script.
in_sh() {
	local script=$1 filter=${2-.}
	shift
	[ $# -gt 0 ] && shift
	in_container "$(sh_filter "$script") | $filter" "$@"
}

all_caps='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_FSETID","CAP_KILL","CAP_SETGID","CAP_SETUID","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_MKNOD","CAP_AUDIT_WRITE","CAP_SETFCAP","CAP_NET_RAW"]'
# shellcheck disable=SC2034 # for the tests
docker_caps=".process.capabilities = {bounding: $all_caps, effective: $all_caps, permitted: $all_caps}"
