#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mode learn and `policy learn`: what real programs did is enough for them to do it again, and nothing else is let through.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
need_command jq gcc make git perl python3

# The host's programs, in a tree of their own.
tree=$T/tree
mkdir -p "$tree"/{dev,etc,proc,sys,tmp,usr,root,work}
for d in bin sbin lib lib32 lib64; do [ -e "/usr/$d" ] && ln -s "usr/$d" "$tree/$d"; done
[ ! -e /etc/alternatives ] || cp -a /etc/alternatives "$tree/etc/"
cp /etc/ld.so.cache "$tree/etc/"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$tree/etc/passwd"
# shellcheck disable=SC2034 # for make_bundle
ROOTFS=$tree
mounts='.mounts += [{destination: "/usr", source: "/usr", type: "none", options: ["rbind", "ro"]}] | .root.readonly = false'
env='.process.env = ["PATH=/usr/bin:/bin", "HOME=/root", "LC_ALL=C", "PYTHONDONTWRITEBYTECODE=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=gc.auto", "GIT_CONFIG_VALUE_0=0"]'

# under POLICY AUDIT SCRIPT: sets $rc, $out, $err.
seq=0
under() {
	seq=$((seq + 1))
	rm -rf "$tree/work" "$tree/tmp"
	mkdir -m 1777 "$tree/work" "$tree/tmp"
	make_bundle "$T/b" "$(args_filter /bin/sh -c "cd /work && $3") | $mounts | $env"
	jrun --policy "$1" --audit "$2" run --bundle "$T/b" "pl-$$-$seq"
}

names=(sh python gcc make git tar perl awk sort find sed)
declare -A scripts=(
	[sh]='for i in a b c; do echo $i >$i; done; cat a b c | while read x; do echo "<$x>"; done; [ -f a ] && mv a d && ls; rm -f b c d; (exit 3); echo $?'
	[python]='python3 -c "import json, re, os, sqlite3, hashlib, subprocess, tempfile, threading
c = sqlite3.connect(\"x.db\"); c.execute(\"create table t (a)\"); c.execute(\"insert into t values (42)\"); c.commit()
t = threading.Thread(target=print, args=(\"thread\",)); t.start(); t.join()
print(json.dumps(c.execute(\"select a from t\").fetchall()), hashlib.sha256(b\"x\").hexdigest()[:8], subprocess.check_output([\"echo\", \"child\"]))"'
	[gcc]='printf "#include <stdio.h>\nint main(void) { puts(\"compiled\"); return 0; }\n" >p.c && gcc -O1 -pipe -o p p.c && ./p'
	[make]='printf "all: one two\n\t@cat one two\none two:\n\t@echo \$@ >\$@\n" >Makefile && make -s && make -q one && echo up to date'
	[git]='git init -q -b m . && echo x >f && git add f && git -c user.name=n -c user.email=e@e commit -q -m first && git log --format=%s && git status --short && git diff --stat'
	[tar]='mkdir d && echo 1 >d/one && ln -s one d/two && tar -czf d.tar.gz d && rm -r d && tar -xzf d.tar.gz && cat d/two && tar -tf d.tar.gz'
	[perl]='perl -MPOSIX -MFile::Temp -e "my %h = map { \$_ => 1 } 1 .. 10; print join(q(,), sort { \$a <=> \$b } keys %h), qq(\n); open my \$f, q(-|), q(echo piped); print <\$f>"'
	[awk]='printf "a 1\nb 2\n" | awk "{ s += \$2 } END { print s }"'
	[sort]='printf "c\na\nb\na\n" | sort -u | tr a-z A-Z | head -n 2 | tee out; wc -l <out'
	[find]='mkdir -p x/y && touch x/1 x/y/2 && find x -type f | sort | xargs -n 1 basename; cp -r x z; du -a z | wc -l'
	[sed]='echo hello >f && sed -i s/l/L/g f && grep -c L f && cat f && date -d @0 +%Y && env | grep -c HOME'
)

printf '{"mode": "learn", "syscalls": {"defaultAction": "SCMP_ACT_ERRNO"}, "exec": {"allow": []}}' >"$T/mode.json"
declare -A did
for n in "${names[@]}"; do
	under "$T/mode.json" "$T/learn.$n" "${scripts[$n]}"
	did[$n]=$rc:$out:$err
	like "$n runs while it is learnt" "$rc:$out" '^0:.' || diag "$err"
done
run "$JAILRUN" policy learn --name again "$T"/learn.*
is "the streams become a policy, without doubts" "$rc:$err" 0: || diag "$out"
printf '%s\n' "$out" >"$T/done.json"
run "$JAILRUN" policy check "$T/done.json"
like "which is right" "$rc:$out" '^0:.*ok, engine trace'

for n in "${names[@]}"; do
	under "$T/done.json" "$T/again" "${scripts[$n]}"
	is "$n does the same under it" "$rc:$out:$err" "${did[$n]}"
	is "and nothing of it is refused" "$(cat "$T/again" 2>/dev/null)" '' || diag "$(jq -c '[.rule, .syscall, .path, .args, .exe]' "$T/again")"
	rm -f "$T/again"
done

# What was not done is not allowed.
other='python3 -c "import os; print(os.getpriority(0, 0))"; /usr/bin/nl /etc/passwd; python3 -c "import socket; socket.socket(socket.AF_INET)"'
under default "$T/again" "$other"
is "other things can be done (control)" "$rc:$(head -n 1 <<<"$out")" 0:0
under "$T/done.json" "$T/again" "$other"
is "a call that was not learnt is refused, and so is a program" "$(grep -c 'not permitted\|ermission denied' <<<"$err")" 3 || diag "$err"
is "and said to be" "$(jq -r '[.rule, .syscall // "", .path // "", .action] | join(" ")' "$T/again" | sed 's/[0-9]*\]/]/' | sort | uniq | tr '\n' ';')" \
	'exec execve /usr/bin/nl EACCES;syscalls.defaultAction getpriority  EPERM;syscalls.defaultAction socket  EPERM;'

# Without exec there is no tracer.
printf '{"mode": "learn", "syscalls": {"defaultAction": "SCMP_ACT_ERRNO"}}' >"$T/mode.json"
under "$T/mode.json" "$T/calls" "${scripts[sed]}"
run "$JAILRUN" policy learn "$T/calls"
printf '%s\n' "$out" >"$T/calls.json"
run "$JAILRUN" policy check "$T/calls.json"
like "calls alone are learnt by the engine notify" "$rc:$out" '^0:.*ok, engine notify'
rm -f "$T/again"
under "$T/calls.json" "$T/again" "${scripts[sed]}"
is "and are enough" "$rc:$out:$err:$(cat "$T/again" 2>/dev/null)" "${did[sed]}:"
under "$T/calls.json" "$T/again" 'python3 -c "import os; os.getpriority(0, 0)"'
isnt "others are refused" "$rc" 0

# The words of the policy.
is "calls that are told apart by what they are for" "$(jq -r '[.syscalls.syscalls[] | select(.names == ["ioctl"]) | .args[0].index] | unique | join(",")' "$T/done.json")" 1
is "programs by their paths" "$(jq '.exec.allow | (index("/usr/bin/make") != null) and all(endswith("/") | not)' "$T/done.json")" true
run "$JAILRUN" policy learn --format json "$T/learn.awk"
is "what each program did" "$(jq -r '.runs, (.learnt | join(",")), (.programs[] | select(.exe | test("awk")) | .syscalls | index("execve") == null and index("read") != null)' <<<"$out" | tr '\n' ' ')" '1 syscalls,exec true '

# Directories.
stream() { # LINES of JQ
	jq -nc "{mode: \"learn\", learns: [\"exec\", \"network.connect\"]}, ($1)"
}
# programs DIRECTORY COUNT [OPTION]: what is allowed after so many of its programs were executed.
programs() {
	stream "(range($2) | {mode: \"learn\", rule: \"exec\", action: \"EACCES\", path: \"$1/p\\(.)\"})" |
		"$JAILRUN" policy learn "${@:3}" - | jq -r '.exec.allow | join(" ")'
}
is "a directory of many becomes a tree" "$(programs /opt/tool/bin 8)" /opt/tool/bin/
is "of few it does not" "$(programs /opt/tool/bin 3)" '/opt/tool/bin/p0 /opt/tool/bin/p1 /opt/tool/bin/p2'
is "--collapse says how many" "$(programs /opt/tool/bin 3 --collapse=3)" /opt/tool/bin/
is "0 is never" "$(programs /opt/tool/bin 9 --collapse=0 | wc -w)" 9
for d in '' /etc /tmp /usr/bin /usr/local/bin /home/me; do
	is "never ${d:-/}" "$(programs "$d" 9 | wc -w)" 9
done
addresses='({rule: "network.connect", mode: "learn", address: "10.0.0.1", port: 443, protocol: "tcp"}, {rule: "network.connect", mode: "learn", address: "::1", port: (range(9)), protocol: "udp"})'
is "addresses; many ports are all" "$(stream "$addresses" | "$JAILRUN" policy learn - | jq -c .network)" '{"connect":{"allow":["tcp:10.0.0.1:443","udp:[::1]:*"]}}'

# What cannot be learnt is told of.
doubts() { # NAME LINE REGEX
	stream "$2" >"$T/stream"
	run "$JAILRUN" policy learn "$T/stream"
	like "$1" "$rc:$err" "^2:.*$3"
}
doubts "lines that were lost" '{mode: "learn", rule: "exec", lost: 3}' 'lines were lost'
doubts "a name that is a pattern" '{mode: "learn", rule: "exec", action: "EACCES", path: "/tmp/*"}' 'cannot be named'
doubts "what another policy refused" '{policy: "site", rule: "syscalls.syscalls[0]", action: "EPERM"}' 'policy site, which was enforced'
printf 'x\n' >"$T/stream"
run "$JAILRUN" policy learn "$T/stream"
like "a stream of another kind" "$rc:$err" '^1:.*not a line.*nothing was learnt'
done_testing
