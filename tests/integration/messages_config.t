#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is wrong in config.json, and what the error says of it: the field, why, and what to do.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/messages.sh"
need_root
need_command jq busybox python3
need_runtime
messages_begin
none=/no/such/jailrun-test

# The document.
text "an empty file" '' 'config.json|line 1, column 1|not valid JSON: parse error: premature EOF'
text "half a file" '{' 'config.json|line 1, column 2|not valid JSON'
text "something behind it" '{} x' 'config.json|line 1, column 4|trailing garbage'
text "a comma too many" '{"ociVersion":"1.0.0",}' 'config.json|line 1, column 23|invalid object key (must be a string)'
text "an array" '[]' 'config.json|must be an object|not an array'
text "too deep" "$(printf '[%.0s' {1..2000})" 'config.json|line 1, column|nested too deeply'
text "bytes" $'{"ociVersion":"\xff"}' 'config.json|line 1, column 16|invalid UTF-8'

# The process.
while IFS='#' read -r name filter words; do
	[ -z "$name" ] || config "$name" "$filter" "$words"
done <<'ROWS'
no version#del(.ociVersion)#config.json: ociVersion|is required|add it
a version in words#.ociVersion="one"#ociVersion|not "one"|must be a version 1.x.y
a version to come#.ociVersion="9.0.0"#ociVersion|not "9.0.0"|must be a version 1.x.y
a version as number#.ociVersion=1#ociVersion|not a number|must be a string
no process#del(.process)#process|to run a container|is required
a process that is a list#.process=[]#process|not an array|must be an object
no arguments#.process.args=[]#process.args|must have|at least one entry
args left out#del(.process.args)#process.args|is required|add it
args as text#.process.args="true"#process.args|not a string|must be an array of strings
a number among args#.process.args=["true",1]#process.args[1]|not a number|must be a string
an empty program#.process.args=[""]#exec: ""|executable file not found in $PATH|name it by its whole path
a relative cwd#.process.cwd="tmp"#process.cwd|not "tmp"|must be an absolute path
no cwd#del(.process.cwd)#process.cwd|is required|add it
a cwd that is a file#.process.cwd="/etc/passwd"#process.cwd|'/etc/passwd' in the rootfs is not a directory|name another place
a variable without =#.process.env=["A"]#process.env[0]|not "A"|must be of the form NAME=VALUE
a variable that is a number#.process.env=[1]#process.env[0]|not a number|must be a string
env as text#.process.env="A=1"#process.env|not a string|must be an array of strings
a variable without a name#.process.env=["=1"]#process.env[0]|not "=1"|must be of the form NAME=VALUE
a negative uid#.process.user.uid=-1#process.user.uid|not -1|must be an integer from 0 to 4294967294
a user by name#.process.user.uid="root"#process.user.uid|not a string|must be an integer
a uid that is no uid#.process.user.uid=4294967296#process.user.uid|not 4294967296|from 0 to 4294967294
half a uid#.process.user.uid=1.5#process.user.uid|not 1.5|must be an integer
a umask#.process.user.umask=-1#process.user.umask|not -1|must be an integer from 0
a group by name#.process.user.additionalGids=["a"]#process.user.additionalGids[0]|not a string|must be an integer
terminal as text#.process.terminal="yes"#process.terminal|not a string|must be true or false
a console size#.process.consoleSize={"height":-1,"width":3}#process.consoleSize.height|not -1|must be an integer from 0
a type of rlimit#.process.rlimits=[{"type":"RLIMIT_FROB","soft":1,"hard":1}]#process.rlimits[0].type|not "RLIMIT_FROB"|must be one of RLIMIT_AS
a type of rlimit, nearly#.process.rlimits=[{"type":"RLIMIT_NOFILES","soft":1,"hard":1}]#process.rlimits[0].type|not "RLIMIT_NOFILES"|did you mean RLIMIT_NOFILE?
a type of rlimit, cut off#.process.rlimits=[{"type":"NOFILE","soft":1,"hard":1}]#process.rlimits[0].type|not "NOFILE"|did you mean RLIMIT_NOFILE?
soft above hard#.process.rlimits=[{"type":"RLIMIT_NOFILE","soft":2,"hard":1}]#process.rlimits[0].soft|must not exceed the hard limit|lower it, or raise hard
a limit twice#.process.rlimits=[{"type":"RLIMIT_CORE","soft":1,"hard":1},{"type":"RLIMIT_CORE","soft":1,"hard":1}]#process.rlimits[1].type|an entry for RLIMIT_CORE already|leave one out
a limit that the kernel refuses#.process.rlimits=[{"type":"RLIMIT_NOFILE","soft":1,"hard":99999999999}]#process.rlimits[0].hard|RLIMIT_NOFILE: 99999999999 is more than the kernel lets be open|lower it to
no hard limit#.process.rlimits=[{"type":"RLIMIT_CORE","soft":1}]#process.rlimits[0].hard|is required|add it
a negative limit#.process.rlimits=[{"type":"RLIMIT_CORE","soft":-1,"hard":1}]#process.rlimits[0].soft|not -1|must be an integer from 0
oomScoreAdj#.process.oomScoreAdj=2000#process.oomScoreAdj|not 2000|from -1000 to 1000
a policy of the scheduler#.process.scheduler={"policy":"SCHED_FIFOO"}#process.scheduler.policy|not "SCHED_FIFOO"|did you mean SCHED_FIFO?
a priority of the scheduler#.process.scheduler={"policy":"SCHED_FIFO","priority":200}#process.scheduler.priority|not 200|from 0 to 99
a nice value#.process.scheduler={"policy":"SCHED_OTHER","nice":50}#process.scheduler.nice|not 50|from -20 to 19
a flag of the scheduler#.process.scheduler={"policy":"SCHED_OTHER","flags":["SCHED_FLAG_X"]}#process.scheduler.flags[0]|not "SCHED_FLAG_X"|must be one of SCHED_FLAG_RESET_ON_FORK
a scheduler without a policy#.process.scheduler={}#process.scheduler.policy|is required|add it
a class of I/O#.process.ioPriority={"class":"IOPRIO_CLASS_BEE","priority":1}#process.ioPriority.class|not "IOPRIO_CLASS_BEE"|did you mean IOPRIO_CLASS_BE?
a priority of I/O#.process.ioPriority={"class":"IOPRIO_CLASS_BE","priority":9}#process.ioPriority.priority|not 9|from 0 to 7
CPUs of exec#.process.execCPUAffinity={"initial":"a"}#process.execCPUAffinity.initial|'a' is no number|lists look like "0-3,7"
no root#del(.root)#config.json: root|is required|add it
a root without a path#del(.root.path)#root.path|is required|add it
an empty root#.root.path=""#root.path|empty|must not be
a root that is a file#.root.path="/etc/passwd"#root.path|'/etc/passwd' is no directory|name the one that has the root file system
root.readonly as text#.root.readonly="yes"#root.readonly|not a string|must be true or false
a host name without a namespace#.hostname="x"|del(.linux.namespaces[]|select(.type=="uts"))#hostname|needs|a new or joined uts namespace in linux.namespaces
a long host name#.hostname=("x"*65)#hostname|not 65|must have 64 characters at the most
a long domain name#.domainname=("x"*65)#domainname|not 65|must have 64 characters at the most
a host name that is a number#.hostname=1#hostname|not a number|must be a string
an annotation that is a number#.annotations={"a":1}#annotations["a"]|not a number|must be a string
a policy that is not there#.annotations={"jailrun.policy":"nosuch"}#annotations["jailrun.policy"]|there is no '/etc/jailrun/policies/nosuch.json'|put the file there
an annotation of jailrun's, misspelt#.annotations={"jailrun.polciy":"x"}#annotations["jailrun.polciy"]|is not known|the nearest is jailrun.policy
a policy by path#.annotations={"jailrun.policy":"/etc/x"}#annotations["jailrun.policy"]|'/etc/x' is no policy name|an annotation names one of
mounts as object#.mounts={}#mounts|not an object|must be an array of objects
an empty destination#.mounts+=[{"destination":"","type":"tmpfs"}]#mounts[7].destination|empty|must not be
no destination#.mounts+=[{"type":"tmpfs"}]#mounts[7].destination|is required|add it
no type#.mounts+=[{"destination":"/mnt","source":"/etc"}]#mounts[7].type|required|unless the options have 'bind'
a file system#.mounts+=[{"destination":"/mnt","type":"tmpfss","source":"x"}]#mounts[7]|no file system 'tmpfss'|or its module is not loaded
an option#.mounts+=[{"destination":"/mnt","type":"tmpfs","source":"x","options":["noexce"]}]#mounts[7].options|refuses the option 'noexce'|Unknown parameter
an option, nearly#.mounts+=[{"destination":"/mnt","type":"tmpfs","source":"x","options":["noexce"]}]#mounts[7].options|Unknown parameter 'noexce'|did you mean 'noexec'?
an option of tmpfs, nearly#.mounts+=[{"destination":"/mnt","type":"tmpfs","source":"x","options":["siez=3m"]}]#mounts[7].options|refuses the option 'siez=3m'|did you mean 'size'?
an option of a bind mount, nearly#.mounts+=[{"destination":"/mnt","type":"bind","source":"/etc","options":["bind","nosuids"]}]#mounts[7].options|'nosuids' is an option of a file system|did you mean 'nosuid'?
an option of crun's#.mounts+=[{"destination":"/mnt","type":"bind","source":"/etc","options":["bind","rsync"]}]#mounts[7].options[1]|'rsync' is an option of crun's alone|leave it out
a mapping of crun's#.mounts+=[{"destination":"/mnt","type":"bind","source":"/etc","options":["bind","idmap=uids=0-1-10"]}]#mounts[7].options[1]|'idmap=uids=0-1-10' is an option of crun's alone|say the mapping in uidMappings
a size#.mounts+=[{"destination":"/mnt","type":"tmpfs","source":"x","options":["size=lots"]}]#mounts[7].options|refuses the option 'size=lots'|Bad value for 'size'
an option of a bind mount#.mounts+=[{"destination":"/mnt","type":"bind","source":"/etc","options":["bind","size=3"]}]#mounts[7].options|'size=3' is an option of a file system|leave it out
no source of a bind mount#.mounts+=[{"destination":"/mnt","type":"bind","options":["bind"]}]#mounts[7].source|for a bind mount|required
a source that is not there#.mounts+=[{"destination":"/mnt","type":"bind","source":"/no/such","options":["bind"]}]#mounts[7].source|'/no/such': No such file or directory|make it on the host
a directory over a file#.mounts+=[{"destination":"/etc/passwd","type":"bind","source":"/etc","options":["bind"]}]#mounts[7].destination|'/etc/passwd' in the rootfs is not a directory|name another place
a hierarchy of cgroup v1#.mounts+=[{"destination":"/sys/fs/cgroup/systemd","type":"bind","source":"/sys","options":["bind"]}]#mounts[7].destination|'/sys/fs/cgroup/systemd' in the rootfs: Read-only file system|leave out what is of cgroup v1
below a file#.mounts+=[{"destination":"/etc/passwd/x","type":"tmpfs","source":"x"}]#mounts[7].destination|'/etc/passwd/x'|or behind a file
half an id map#.mounts+=[{"destination":"/mnt","type":"bind","source":"/etc","options":["bind"],"uidMappings":[{"containerID":0,"hostID":0,"size":1}]}]#mounts[7].gidMappings|because uidMappings is there|is required
an id map of nothing#.mounts+=[{"destination":"/mnt","type":"bind","source":"/etc","options":["bind","idmap"]}]#mounts[7].options|'idmap' needs uidMappings|or a user namespace
over /proc#.mounts+=[{"destination":"/proc/sys/x","type":"tmpfs","source":"x"}]#mounts[7].destination|is inside /proc|leave it out
a relative hook#.hooks={"createRuntime":[{"path":"bin/x"}]}#hooks.createRuntime[0].path|not "bin/x"|must be an absolute path
a hook that is not there#.hooks={"createRuntime":[{"path":"/no/such"}]}#hooks.createRuntime[0]|run '/no/such'|No such file or directory
a hook that is no program#.hooks={"createRuntime":[{"path":"/etc/passwd"}]}#hooks.createRuntime[0]|run '/etc/passwd'|Permission denied
a hook that fails#.hooks={"createRuntime":[{"path":"/bin/false"}]}#hooks.createRuntime[0]|'/bin/false' ended with status 1|no output
a hook that is killed#.hooks={"createRuntime":[{"path":"/bin/sh","args":["sh","-c","kill -9 $$"]}]}#hooks.createRuntime[0]|'/bin/sh'|was killed by SIGKILL
a hook that takes long#.hooks={"createRuntime":[{"path":"/bin/sleep","args":["sleep","9"],"timeout":1}]}#hooks.createRuntime[0]|'/bin/sleep'|longer than its timeout of 1 seconds
no time for a hook#.hooks={"createRuntime":[{"path":"/bin/true","timeout":0}]}#hooks.createRuntime[0].timeout|not 0|must be an integer from 1
a hook that says why#.hooks={"createContainer":[{"path":"/bin/sh","args":["sh","-c","echo why >&2; exit 9"]}]}#hooks.createContainer[0]|ended with status 9|output: why
ROWS

# Programs: which file it is about, and what is missing.
install -m 755 "$(command -v env)" "$T/rootfs/root/dyn"
printf '#!/no/interp\n' >"$T/rootfs/root/script"
printf '#!/bin/sh\r\ntrue\r\n' >"$T/rootfs/root/crlf"
printf 'echo hi\n' >"$T/rootfs/root/text"
: >"$T/rootfs/root/empty"
python3 - "$T/rootfs/bin/busybox" "$T/rootfs/root/other" <<'PY'
import sys
program = bytearray(open(sys.argv[1], "rb").read())
program[18:20] = bytes((21, 0))  # EM_PPC64
open(sys.argv[2], "wb").write(program)
PY
printf '#!/root/other\n' >"$T/rootfs/root/otherscript"
head -c 100 "$T/rootfs/bin/busybox" >"$T/rootfs/root/short"
chmod 755 "$T"/rootfs/root/*
while IFS='#' read -r name filter words; do
	[ -z "$name" ] || config "$name" "$filter" "$words"
done <<'ROWS'
no program#.process.args=["/no/such"]#"/no/such"|no such file or directory|correct process.args[0]
no program in PATH#.process.args=["nosuch"]#"nosuch"|executable file not found in $PATH|correct PATH in process.env
a directory#.process.args=["/etc"]#"/etc"|is a directory: permission denied|name a program
a file without the bit#.process.args=["/etc/passwd"]#"/etc/passwd"|permission denied: its mode is 0644|chmod +x it
no loader#.process.args=["/root/dyn"]#exec /root/dyn: no such file or directory|the loader '/lib|is not in the container|linked statically
no interpreter#.process.args=["/root/script"]#exec /root/script: no such file or directory|'/no/interp', is not in the container|correct the first line
line ends of DOS#.process.args=["/root/crlf"]#exec /root/crlf: no such file or directory|ends in a carriage return|save the file with Unix line ends
no format#.process.args=["/root/text"]#exec /root/text: exec format error|is not ELF|does not begin with
an empty program file#.process.args=["/root/empty"]#exec /root/empty: exec format error|is empty|put the program there
another machine#.process.args=["/root/other"]#exec /root/other: exec format error|'/root/other' is a program for ppc64|take an image for this host
an interpreter of another machine#.process.args=["/root/otherscript"]#exec /root/otherscript: exec format error|'/root/other' is a program for ppc64|take an image for this host
a program cut off#.process.args=["/root/short"]#exec /root/short: exec format error|is cut off|copy it again
arguments without end#.process.args=["true",("x"*200000)]#exec /bin/true: argument list too long|process.args and process.env|each entry 128 KiB
ROWS
config "a program on noexec" ".process.args=[\"/mnt/busybox\",\"true\"]|.mounts+=[{\"destination\":\"/mnt\",\"type\":\"bind\",\"source\":\"$T/rootfs/bin\",\"options\":[\"bind\",\"noexec\"]}]" \
	'"/mnt/busybox": permission denied|is mounted noexec|mount it with exec'
chmod 700 "$T/rootfs/root"
config "a program behind a directory" '.process.args=["/root/dyn"]|.process.user.uid=1000' '"/root/dyn"|permission denied: uid 1000 may not search|chmod o+x it'
config "no rootfs" ".root.path=\"$none\"" "root.path|'$none': No such file or directory|make it, or correct root.path"

config "crun's handlers" '.annotations={"run.oci.handler":"krun"}' "annotations[\"run.oci.handler\"]|'krun' is not here|leave it out"

# Annotations by which crun does something: what jailrun does not do is a warning that names it, once, and the container runs.
crun='delegate-cgroup hooks.stderr hooks.stdout mount_context_type pidfd_receiver seccomp.plugins seccomp.receiver seccomp_bpf_data
	seccomp_fail_unknown_syscall systemd.force_cgroup_v1 systemd.subgroup not.known'
jq --arg keys "$crun keep_original_groups" '.annotations = ([$keys | splits("\\s+") | {("run.oci." + .): "1"}] | add) + {"run.ocix": "1"}' \
	"$T/good.json" >"$T/b/config.json"
jrun run --bundle "$T/b" "jt-$$-m"
is "annotations of crun: the container runs" "$rc" 0
is "annotations of crun: a warning for each that is not honoured" \
	"$(sed -n 's/^jailrun: warning: annotations\["run\.oci\.\(.*\)"\]: is crun.s, and not honoured here: ..*/\1/p' <<<"$err")" "$(xargs -n 1 <<<"$crun")"
is "annotations of crun: and no other line" "$(grep -vc 'not honoured here' <<<"$err")" 0
jq '.annotations = {"run.oci.systemd.subgroup": "", "run.oci.mount_context_type": "context"}' "$T/good.json" >"$T/b/config.json"
jrun run --bundle "$T/b" "jt-$$-m"
is "annotations of crun: as jailrun does it anyway" "$rc:$err" 0:
done_testing
