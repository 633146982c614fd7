#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pages of the engines: each of docs/{docker,containerd,podman,crio,buildkit}.md is worked through from top to bottom, as its reader
# would. A block ```sh is run by bash -e in the page's own directory; its lines "# => PATTERN" are, in order, what it prints. A
# block ```console is for what cannot be had here and is not run; blocks ```yaml, ```toml and ```json have to parse.
# The commands are the reader's: docker, ctr, podman and systemctl are here words for engines that the test has started,
# and /etc is an overlay, so that `jailrun install` writes to the engines' own files.
# shellcheck source=lib.sh disable=SC2015,SC2016,SC2317
. "$(dirname "$0")/lib.sh"
docs=$(cd "$(dirname "$0")/../../docs" && pwd)
enter containerd python3
world
[ -n "$is_jailrun" ] || skip_all "the pages are about jailrun"

private_etc() {
	mkdir "$W/etc" && mount -t tmpfs etc "$W/etc" && mkdir "$W/etc/upper" "$W/etc/work" &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$W/etc/upper,workdir=$W/etc/work" overlay /etc ||
		skip_all "no overlay over /etc"
	rm -rf /etc/jailrun /etc/docker /etc/crio /etc/containers/containers.conf.d
	# The pages know the program by its name, and `jailrun install` writes where its file really is.
	cp "$JAILRUN" "$W/bin/jailrun"
	command_file stop-engine <<-'EOF'
		kill "$1" && until_true 10 bash -c '! kill -0 "$0"' "$1"
	EOF
}

# ---- the engines, one of them at a time ----

docker_start() {
	command -v dockerd >/dev/null && [ -x /usr/bin/docker ] || return 1
	# `docker` of the page: our daemon, where there is no bridge.
	command_file docker <<-EOF
		first=\$1
		case "\$first \$*" in
		run\\ *--network*) ;;
		run\\ * | create\\ *) shift; set -- "\$first" --network none "\$@" ;;
		esac
		exec /usr/bin/docker -H "unix://$W/docker.sock" "\$@"
	EOF
	command_file start-dockerd <<-EOF
		dockerd --data-root "$W/docker" --exec-root "$W/docker-run" --pidfile "$W/dockerd.pid" -H "unix://$W/docker.sock" \\
			--iptables=false --ip6tables=false --ip-masq=false --ip-forward=false --bridge=none --cgroup-parent "/$N" \\
			--log-level warn >>"$W/dockerd.log" 2>&1 &
		until_true 30 docker version
	EOF
	command_file systemctl <<-EOF
		case \$1 in
		reload) kill -HUP "\$(cat "$W/dockerd.pid")" && sleep 0.5 ;;
		restart) stop-engine "\$(cat "$W/dockerd.pid")" && start-dockerd ;;
		esac
	EOF
	rootfs
	engine_log=$W/dockerd.log
	start-dockerd && docker import --change 'ENV PATH=/bin' "$W/rootfs.tar" busybox:latest >/dev/null
}

containerd_start() {
	mkdir -p "$W/containerd"
	command_file start-containerd <<-EOF
		containerd --root "$W/containerd" --state "$W/containerd-run" -a "$W/containerd.sock" -l warn >>"$W/containerd.log" 2>&1 &
		echo \$! >"$W/containerd.pid"
		until_true 20 ctr version
	EOF
	command_file ctr <<-EOF
		exec /usr/bin/ctr -a "$W/containerd.sock" "\$@"
	EOF
	command_file systemctl <<-EOF
		stop-engine "\$(cat "$W/containerd.pid")" && start-containerd
	EOF
	oci_archive
	engine_log=$W/containerd.log
	start-containerd && ctr images import "$W/bb.tar" >/dev/null &&
		ctr images tag localhost/bb:latest docker.io/library/busybox:latest >/dev/null
}

podman_start() {
	command -v podman >/dev/null && command -v conmon >/dev/null || return 1
	mkdir -p "$W/libpod" "$W/podman-tmp"
	cat >/etc/containers/containers.conf <<-EOF
		[containers]
		default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
		pids_limit = 0
		[engine]
		static_dir = "$W/libpod"
	EOF
	command_file podman <<-EOF
		options=(--root "$W/podman" --runroot "$W/podman-run" --tmpdir "$W/podman-tmp" --cgroup-manager cgroupfs --events-backend file)
		for a; do
			shift
			set -- "\$@" "\$a"
			[ "\$a" != run ] || set -- "\$@" --cgroup-parent "/$N" --network none
		done
		exec /usr/bin/podman "\${options[@]}" "\$@"
	EOF
	rootfs
	podman import --change ENV=PATH=/bin "$W/rootfs.tar" docker.io/library/busybox:latest >/dev/null 2>&1
}
crio_start() { :; }
buildkit_start() { :; }

# ---- a page ----

# blocks PAGE DIRECTORY: each fenced block becomes a file NUMBER-LINE.LANGUAGE.
blocks() {
	mkdir -p "$2"
	awk -v dir="$2" '
		/^```/ && open { close(file); open = 0; next }
		/^```/ { open = 1; file = sprintf("%s/%03d-%d.%s", dir, ++n, NR, substr($0, 4)); printf "" >file; next }
		open { print >file }
	' "$1"
}

parses() { # LANGUAGE FILE
	case $1 in
	yaml) /usr/bin/python3 -c 'import sys, yaml
objects = [d for d in yaml.safe_load_all(open(sys.argv[1])) if d]
assert objects and all("kind" in d and "apiVersion" in d for d in objects), "no object of Kubernetes"' "$2" ;;
	toml) /usr/bin/python3 -c 'import sys, tomllib; assert tomllib.load(open(sys.argv[1], "rb"))' "$2" ;;
	json*) sed 's,^ *//.*,,' "$2" | jq -e . ;;
	esac
}

# prints_what_it_says FILE: runs it, compares its lines.
prints_what_it_says() {
	local want got line i=0
	sed -n -E 's/^# =>( |$)//p' "$1" >"$1.want"
	(cd "$W/page" && timeout -k 5 60 bash -e -o pipefail "$1" <>/dev/null) >"$1.out" 2>"$1.err" || {
		echo "# exit status $?"
		return 1
	}
	mapfile -t want <"$1.want"
	mapfile -t got <"$1.out"
	[ ${#want[@]} -gt 0 ] || return 0
	[ ${#want[@]} = ${#got[@]} ] || {
		echo "# ${#want[@]} lines were expected"
		return 1
	}
	for line in "${want[@]}"; do
		# shellcheck disable=SC2053
		[[ ${got[i]} == $line ]] || {
			echo "# line $((i + 1)), expected: $line"
			return 1
		}
		i=$((i + 1))
	done
}

block() { # PAGE FILE
	local name language=${2##*.} line=${2##*-} why
	line=${line%.*}
	name="$1, line $line"
	case $language in
	console) return ;;
	sh) why=$(prints_what_it_says "$2") ;;
	yaml | toml | json | jsonc) why=$(parses "$language" "$2" 2>&1) ;;
	*) why="a block of the language '$language'" && false ;;
	esac && ok "$name" && return
	not_ok "$name"
	echo "$why" | diag
	[ ! -e "$2.out" ] || cat "$2.out" "$2.err" | diag
	[ -z "$engine_log" ] || tail -n 3 "$engine_log" | diag
}

page() { # NAME
	local f
	rm -rf "$W/page" /etc/jailrun
	mkdir "$W/page"
	engine_log=
	"$1_start" || {
		skip "docs/$1.md" "$1 does not start here"
		return
	}
	blocks "$docs/$1.md" "$W/blocks/$1"
	for f in "$W/blocks/$1"/*; do
		case $f in *'*' | *.want | *.out | *.err) ;; *) block "docs/$1.md" "$f" ;; esac
	done
}

# ---- the controls: what a page could have wrong is seen ----
private_etc
mkdir "$W/page" "$W/control"
control() { # NAME LANGUAGE TEXT...
	local name=$1 language=$2 before
	shift 2
	printf '%s\n' "$@" >"$W/control/001-1.$language"
	before=$(block control "$W/control/001-1.$language")
	if [[ $before == "not ok"* ]]; then ok "control: $name is seen"; else not_ok "control: $name is seen"; fi
}
control "a command that fails" sh false true
control "an output that differs" sh 'echo a' '# => b'
control "a line too many" sh 'echo a' 'echo b' '# => a'
control "a missing option" sh 'jailrun install docker --nonsense'
control "a pipe that fails" sh 'false | cat'
control "broken YAML" yaml 'kind: [a'
control "YAML that is no object of Kubernetes" yaml 'a: b'
control "broken TOML" toml 'a = '
control "an unknown language" cpp 'x'
printf '%s\n' 'echo "a b"' '# => a *' >"$W/control/001-1.sh"
block "control: what is right" "$W/control/001-1.sh"

for p in docker containerd podman crio buildkit; do page "$p"; done
nothing_left "nothing is left" "/run/containerd/runc/default"
finish
