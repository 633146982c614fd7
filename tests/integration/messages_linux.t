#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is wrong in config.json's "linux" and in policies, and what the error says of it: the field or the file, why, and what to do.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/messages.sh"
need_root
need_command jq busybox
need_runtime
messages_begin

while IFS='#' read -r name filter words; do
	[ -z "$name" ] || config "$name" "$filter" "$words"
done <<'ROWS'
a namespace#.linux.namespaces+=[{"type":"gravity"}]#linux.namespaces[6].type|not "gravity"|must be one of mount, pid
a namespace, cut off#.linux.namespaces+=[{"type":"net"}]#linux.namespaces[6].type|not "net"|did you mean network?
a namespace twice#.linux.namespaces+=[{"type":"pid"}]#linux.namespaces[6].type|a namespace of type pid already|leave one out
a relative path#.linux.namespaces=[{"type":"mount"},{"type":"network","path":"x"}]#linux.namespaces[1].path|not "x"|must be an absolute path
mounts in the host's namespace#del(.hostname)|.linux.namespaces=[{"type":"pid"},{"type":"user"}]|.linux.uidMappings=[{"containerID":0,"hostID":1000,"size":9}]|.linux.gidMappings=.linux.uidMappings|.mounts=[{"destination":"/tmp","type":"tmpfs"}]#mounts[0]|nothing can be mounted in the host's|add {"type": "mount"}
a user namespace without maps#.linux.namespaces+=[{"type":"user"}]#linux.uidMappings|a new user namespace|needs at least one map
maps without a user namespace#.linux.uidMappings=[{"containerID":0,"hostID":0,"size":1}]#linux.uidMappings|needs a user namespace|in linux.namespaces
an empty map#.linux.namespaces+=[{"type":"user"}]|.linux.uidMappings=[{"containerID":0,"hostID":0,"size":0}]#linux.uidMappings[0].size|not 0|from 1 to 4294967295
no root in the maps#.linux.namespaces+=[{"type":"user"}]|.linux.uidMappings=[{"containerID":1,"hostID":1,"size":9}]|.linux.gidMappings=.linux.uidMappings#linux.uidMappings|the container's root|has to be mapped
a user out of the maps#.process.user.uid=5000|.linux.namespaces+=[{"type":"user"}]|.linux.uidMappings=[{"containerID":0,"hostID":1000,"size":9}]|.linux.gidMappings=.linux.uidMappings#process.user.uid|5000 is not mapped|by linux.uidMappings
offsets without a namespace#.linux.timeOffsets={"monotonic":{"secs":1}}#linux.timeOffsets|time namespace|in linux.namespaces
a clock#.linux.timeOffsets={"realtime":{"secs":1}}#linux.timeOffsets|unknown key "realtime"|know the clocks boottime and monotonic
a time too far#.linux.namespaces+=[{"type":"time"}]|.linux.timeOffsets={"boottime":{"secs":9000000000000}}#linux.timeOffsets.boottime|9000000000000 is too large|take a smaller one
a time before the beginning#.linux.namespaces+=[{"type":"time"}]|.linux.timeOffsets={"monotonic":{"secs":-9000000000}}#linux.timeOffsets.monotonic|would make the clock negative|take an offset of
nanoseconds#.linux.timeOffsets={"boottime":{"secs":1,"nanosecs":2000000000}}#linux.timeOffsets.boottime.nanosecs|not 2000000000|from 0 to 999999999
the path of a device#.linux.devices=[{"path":"dev/x","type":"c","major":1,"minor":3}]#linux.devices[0].path|not "dev/x"|must be an absolute path
the type of a device#.linux.devices=[{"path":"/dev/x","type":"z","major":1,"minor":3}]#linux.devices[0].type|not "z"|must be one of c, b, u, p
no number of a device#.linux.devices=[{"path":"/dev/x","type":"c"}]#linux.devices[0].major|is required|unless type is p
the mode of a device#.linux.devices=[{"path":"/dev/x","type":"c","major":1,"minor":3,"fileMode":99999}]#linux.devices[0].fileMode|not 99999|from 0 to 65535
a network device#.linux.netDevices={"nosuch0":{}}#linux.netDevices["nosuch0"]|No such device|in the runtime's network namespace
the name of a network device#.linux.netDevices={"lo":{"name":"a/b"}}#linux.netDevices["lo"].name|'a/b'|is no name of a network device
a long name of a network device#.linux.netDevices={"lo":{"name":"waytoolongnameforadevice"}}#linux.netDevices["lo"].name|not 24|must have 15 characters at the most
the cgroup's path#.linux.cgroupsPath="../x"#linux.cgroupsPath|'../x'|'..' is not allowed
a limit as text#.linux.resources.memory.limit="1G"#linux.resources.memory.limit|not a string|must be an integer
a negative limit#.linux.resources.memory.limit=-5#linux.resources.memory.limit|not -5|from -1 to
swap below memory#.linux.resources.memory={"limit":1000000,"swap":1000}#linux.resources.memory.swap|of memory and swap together|must not be less than memory.limit
swap alone#.linux.resources.memory={"swap":1000}#linux.resources.memory.swap|of memory and swap together|needs memory.limit beside it
memory of the kernel#.linux.resources.memory={"kernel":1000}#linux.resources.memory.kernel|has no limit for it alone|limit both with memory.limit
swappiness#.linux.resources.memory={"swappiness":500}#linux.resources.memory.swappiness|not 500|from 0 to 100
no OOM killer#.linux.resources.memory={"disableOOMKiller":true}#linux.resources.memory.disableOOMKiller|cannot be switched off|remove it
a burst above the quota#.linux.resources.cpu={"quota":10000,"period":100000,"burst":20000}#linux.resources.cpu.burst|must not be larger than cpu.quota|it is 20000, the quota 10000
idle#.linux.resources.cpu={"idle":7}#linux.resources.cpu.idle|not 7|from 0 to 1
CPUs#.linux.resources.cpu={"cpus":"x"}#linux.resources.cpu.cpus|not "x"|such as "0-3,7"
real time#.linux.resources.cpu={"realtimeRuntime":1000}#linux.resources.cpu.realtimeRuntime|is of cgroup v1 alone|remove it
a number of tasks#.linux.resources.pids={"limit":"x"}#linux.resources.pids.limit|not a string|must be an integer
a weight#.linux.resources.blockIO={"weight":5}#linux.resources.blockIO.weight|5 is not|from 10 to 1000
a rate#.linux.resources.blockIO={"throttleReadBpsDevice":[{"major":8,"minor":0}]}#linux.resources.blockIO.throttleReadBpsDevice[0].rate|is required|add it
a leaf's weight#.linux.resources.blockIO={"leafWeight":50}#linux.resources.blockIO.leafWeight|there is no weight for it|remove it
the size of pages#.linux.resources.hugepageLimits=[{"pageSize":"two","limit":1}]#linux.resources.hugepageLimits[0].pageSize|not "two"|such as 64KB, 2MB or 1GB
nothing of RDMA#.linux.resources.rdma={"mlx":{}}#linux.resources.rdma["mlx"]|must have|hcaHandles, hcaObjects or both
a file out of the cgroup#.linux.resources.unified={"../x":"1"}#linux.resources.unified["../x"]|each key|must be the name of a file of the cgroup
a value of a file#.linux.resources.unified={"cgroup.max.depth":"x"}#linux.resources.unified["cgroup.max.depth"]|the kernel refuses 'x'|cgroup.max.depth: Invalid argument
a file that moves#.linux.resources.unified={"cgroup.procs":"1"}#linux.resources.unified["cgroup.procs"]|is no setting|it moves, stops or ends processes
a class of packets#.linux.resources.network={"classID":5}#linux.resources.network.classID|is of cgroup v1 alone|remove it
a priority of packets#.linux.resources.network={"priorities":[{"name":"eth0","priority":5}]}#linux.resources.network.priorities|is of cgroup v1 alone|remove it
access to devices#.linux.resources.devices=[{"allow":true,"access":"q"}]#linux.resources.devices[0].access|not "q"|must be a composition of r, w and m
a type of devices#.linux.resources.devices=[{"allow":true,"type":"q"}]#linux.resources.devices[0].type|not "q"|must be one of a, c, b
neither allowed nor not#.linux.resources.devices=[{"type":"c"}]#linux.resources.devices[0].allow|is required|add it
a sysctl of the host#.linux.sysctl={"kernel.panic":"1"}#linux.sysctl["kernel.panic"]|it would change the host|remove it
a sysctl that is none#.linux.sysctl={"net.ipv4.nosuch":"1"}#linux.sysctl["net.ipv4.nosuch"]|/proc/sys/net/ipv4/nosuch|No such file or directory
the value of a sysctl#.linux.sysctl={"net.ipv4.ip_forward":"x"}#linux.sysctl["net.ipv4.ip_forward"]|write 'x'|Invalid argument
a path as sysctl#.linux.sysctl={"net/../kernel.panic":"1"}#linux.sysctl["net/../kernel.panic"]|is no name of a sysctl|like net.ipv4.ip_forward
a sysctl of the host's network#del(.linux.namespaces[]|select(.type=="network"))|.linux.sysctl={"net.ipv4.ip_forward":"1"}#linux.sysctl["net.ipv4.ip_forward"]|would change the host|needs a network namespace
the host name as sysctl#.linux.sysctl={"kernel.hostname":"a"}#linux.sysctl["kernel.hostname"]|for it|use the property 'hostname'
a sysctl as number#.linux.sysctl={"net.ipv4.ip_forward":1}#linux.sysctl["net.ipv4.ip_forward"]|not a number|must be a string
masked paths as text#.linux.maskedPaths="x"#linux.maskedPaths|not a string|must be an array of strings
propagation#.linux.rootfsPropagation="shard"#linux.rootfsPropagation|not "shard"|did you mean shared?
a personality#.linux.personality={"domain":"LINUX64"}#linux.personality.domain|not "LINUX64"|must be one of LINUX, LINUX32
a mode of memory#.linux.memoryPolicy={"mode":"MPOL_BIN","nodes":"0"}#linux.memoryPolicy.mode|not "MPOL_BIN"|did you mean MPOL_BIND?
a flag of memory#.linux.memoryPolicy={"mode":"MPOL_BIND","nodes":"0","flags":["X"]}#linux.memoryPolicy.flags[0]|not "X"|must be one of MPOL_F_NUMA_BALANCING
a filter without a default#.linux.seccomp={}#linux.seccomp.defaultAction|is required|add it
an action#.linux.seccomp={"defaultAction":"SCMP_ACT_ALOW"}#linux.seccomp.defaultAction|not "SCMP_ACT_ALOW"|did you mean SCMP_ACT_ALLOW?
an architecture#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_46"]}#linux.seccomp.architectures[0]|not "SCMP_ARCH_X86_46"|did you mean SCMP_ARCH_X86_64?
a flag#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOGG"]}#linux.seccomp.flags[0]|not "SECCOMP_FILTER_FLAG_LOGG"|did you mean SECCOMP_FILTER_FLAG_LOG?
a rule without names#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ERRNO"}]}#linux.seccomp.syscalls[0].names|is required|add it
a rule with no names#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[],"action":"SCMP_ACT_ERRNO"}]}#linux.seccomp.syscalls[0].names|must have|at least one entry
an operator#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_E"}]}]}#linux.seccomp.syscalls[0].args[0].op|not "SCMP_CMP_E"|did you mean SCMP_CMP_
an argument#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":9,"value":1,"op":"SCMP_CMP_EQ"}]}]}#linux.seccomp.syscalls[0].args[0].index|not 9|from 0 to 5
an errno#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":5000}]}#linux.seccomp.syscalls[0].errnoRet|must be an errno|from 0 to 4095
an errno of a kill#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_KILL","errnoRet":5}]}#linux.seccomp.syscalls[0].errnoRet|SCMP_ACT_KILL does not|only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take it
an agent without a socket#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}#linux.seccomp.listenerPath|SCMP_ACT_NOTIFY needs it|the socket of the agent
an agent that is not there#.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/no/such","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}#linux.seccomp.listenerPath|the socket '/no/such'|failed to connect with seccomp agent
a filter that lets nothing#.linux.seccomp={"defaultAction":"SCMP_ACT_ERRNO"}#linux.seccomp|refuses execve(2)|no workload can start
ROWS

# Policies: each names its file.
cp "$T/good.json" "$T/b/config.json"
while IFS='#' read -r name json words; do
	[ -z "$name" ] || policy "$name" "$json" "$words"
done <<'ROWS'
policy: a key#{"exce":{}}#line 1|"exce"|nearest known key is "exec"
policy: half a file#{"exec":#line 1, column 9|not valid JSON|premature EOF
policy: an array#[]#line 1|not an array|must be an object
policy: files#{"files":{}}#files|says nothing|name read, write
policy: a hole that is all#{"files":{"deny":["/"]}}#files.deny[0]|root cannot be hidden|leave a list empty
policy: a pattern of files#{"files":{"read":["/usr/*"]}}#files.read[0]|not "/usr/*"|must be an absolute path
policy: a file to list#{"files":{"list":["/etc"]}}#files.list[0]|"/etc" is no tree|write "/etc/"
policy: a file of the caller#{"files":{"read":["/proc/self/maps"]}}#files.read[0]|another file for each process|name "/proc/"
policy: a key to come#{"stop_at":{}}#stop_at|cannot enforce it yet|remove it
policy: a name#{"name":5}#name|not a number|must be a string
policy: init#{"init":"jial"}#init|not "jial"|must be one of jail, workload
policy: on_violation#{"on_violation":"erno"}#on_violation|not "erno"|did you mean errno?
policy: or an errno#{"on_violation":"deny"}#on_violation|not "deny"|the name of an errno, such as "EACCES"
policy: another word for a key#{"seccomp":{}}#seccomp|is no key here|nearest known key is "syscalls"
policy: or for one of limits#{"limits":{"timeout":"5s"}}#limits.timeout|is no key here|nearest known key is "wall"
policy: names of hosts#{"network":{"names":["example.org"]}}#network.names|cannot enforce it yet|a proxy's alone
policy: a rule's action#{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"DENY"}]}}#syscalls.syscalls[0].action|must be one of SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_LOG, SCMP_ACT_TRAP, not|"DENY"
policy: exec's key#{"exec":{"alow":[]}}#exec|"alow"|nearest known key is "allow"
policy: exec as text#{"exec":{"allow":"/usr"}}#exec.allow|not a string|must be an array of strings
policy: a relative program#{"exec":{"allow":["usr/bin"]}}#exec.allow[0]|not "usr/bin"|must be an absolute path
policy: a program that climbs#{"exec":{"allow":["/usr/../x"]}}#exec.allow[0]|not "/usr/../x"|without empty, "." and ".."
policy: memfd#{"exec":{"memfd":"no"}}#exec.memfd|not a string|must be true or false
policy: a limit's key#{"limits":{"proceses":5}}#limits|"proceses"|nearest known key is "processes"
policy: no processes#{"limits":{"processes":0}}#limits.processes|not 0|from 1 to
policy: threads below none#{"limits":{"threads":-1}}#limits.threads|not -1|from 0 to
policy: threads as text#{"limits":{"threads":"5"}}#limits.threads|not a string|must be an integer
policy: a key of signals#{"signals":{"to_int":"forward"}}#signals|"to_int"|nearest known key is "to_init"
policy: a word of signals#{"signals":{"to_init":"foward"}}#signals.to_init|not "foward"|did you mean forward?
policy: a key of network#{"network":{"conect":{}}}#network|"conect"|nearest known key is "connect"
policy: an address#{"network":{"connect":{"allow":["10.0.0/8:443"]}}}#network.connect.allow[0]|"10.0.0/8:443" is no rule|the address is IPv4 (10.0.0.0/8)
policy: a port#{"network":{"connect":{"allow":["10.0.0.0/8:99999"]}}}#network.connect.allow[0]|is no rule|a port from 0 to 65535
policy: no port#{"network":{"connect":{"allow":["10.0.0.0/8"]}}}#network.connect.allow[0]|the ports are missing|ADDRESS:PORT
policy: a prefix#{"network":{"connect":{"allow":["10.0.0.0/40:1"]}}}#network.connect.allow[0]|is no rule|behind / belongs a number from 0 to 32
policy: bits behind the prefix#{"network":{"connect":{"allow":["10.0.0.1/8:1"]}}}#network.connect.allow[0]|has bits behind its prefix|write the network's own
policy: a name of a host#{"network":{"connect":{"allow":["example.org:443"]}}}#network.connect.allow[0]|names are not looked up|the address is IPv4
policy: a range#{"network":{"bind":{"deny":["*:9-1"]}}}#network.bind.deny[0]|"*:9-1" is no rule|the range ends before it begins
policy: no default#{"syscalls":{}}#syscalls.defaultAction|is required|add it
policy: a default#{"syscalls":{"defaultAction":"SCMP_ACT_ALOW"}}#syscalls.defaultAction|not "SCMP_ACT_ALOW"|did you mean SCMP_ACT_ALLOW?
policy: a default that traps#{"syscalls":{"defaultAction":"SCMP_ACT_TRAP"}}#refuses execve(2)|name it in syscalls.syscalls with SCMP_ACT_ALLOW
policy: a default that logs#{"syscalls":{"defaultAction":"SCMP_ACT_LOG"}}#syscalls.defaultAction|SCMP_ACT_LOG is not for the default|use ALLOW
policy: a call#{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdri"],"action":"SCMP_ACT_ERRNO"}]}}#syscalls.syscalls[0]|knows no system call 'mkdri'|did you mean mkdir?
policy: a call like none#{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["frobnicate_it"],"action":"SCMP_ACT_ERRNO"}]}}#syscalls.syscalls[0]|knows no system call 'frobnicate_it'|correct the name
policy: an architecture#{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_46"]}}#syscalls.architectures[0]|not "SCMP_ARCH_X86_46"|did you mean SCMP_ARCH_X86_64?
policy: an agent#{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}}#syscalls.syscalls[0].action|nobody would answer|use SCMP_ACT_ERRNO
policy: execve refused#{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ERRNO"}]}}#refuses execve(2) by syscalls.syscalls[0]|by which every program starts|allow it there
policy: no end#{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["exit_group"],"action":"SCMP_ACT_ERRNO"}]}}#refuses exit_group(2)|by which every program ends|allow it there
policy: an empty list#{"syscalls":{"defaultAction":"SCMP_ACT_ERRNO"}}#refuses execve(2)|by which every program starts|with SCMP_ACT_ALLOW
policy: a log of what is checked#{"exec":{"allow":["/"]},"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_LOG"}]}}#syscalls.syscalls[0]|execve is checked by another key|remove it
policy: a named one, too#{"name":"judge","syscalls":{"defaultAction":"SCMP_ACT_ERRNO"}}#policy judge refuses execve(2)|by which every program starts|with SCMP_ACT_ALLOW
policy: the first program#{"exec":{"allow":["/usr/bin/nothing"]}}#is refused by policy|rule exec|not in exec.allow
policy: the first program denied#{"exec":{"deny":["/bin/"]}}#is refused by policy|rule exec|in exec.deny
ROWS
call "a policy's path" '/no/such|there is no file|make it' --policy /no/such run --bundle "$T/b" x
call "a policy's name" "'nosuch'|there is no '/etc/jailrun/policies/nosuch.json'|put the file there" --policy nosuch run --bundle "$T/b" x
call "a policy's name, nearly" "'defualt'|is not built in|did you mean default?" --policy defualt run --bundle "$T/b" x
done_testing
