# SPDX-License-Identifier: Apache-2.0
"""Bundles for the benchmark: one config.json, the same for every contestant."""
import copy
import json
import os
import re
import shutil
import subprocess

# What Docker's default profile leaves out: the syscalls that stay refused without extra capabilities.
REFUSED = set(
    """acct add_key bpf clock_adjtime clock_settime create_module delete_module finit_module fanotify_init fsconfig
fsmount fsopen fspick get_kernel_syms init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind mount
mount_setattr move_mount move_pages nfsservctl open_by_handle_at open_tree perf_event_open pivot_root process_madvise ptrace
query_module quotactl quotactl_fd reboot request_key setdomainname set_mempolicy sethostname setns settimeofday stime swapoff
swapon _sysctl sysfs syslog umount umount2 unshare uselib userfaultfd ustat vhangup vm86 vm86old""".split()
)
# Those that it allows only with certain arguments.
BY_ARGUMENT = {"personality", "clone", "clone3", "socket"}


# Forty C files, made and compiled where it is run.
SOURCE = r'#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint f%s(char *b) { return sprintf(b, "%%d", abs(%s)); }\n'
BUILD = f"""objects = $(foreach a,0 1 2 3,$(foreach b,0 1 2 3 4 5 6 7 8 9,f$a$b.o))
all: $(objects)
\tgcc -shared -o all.so $(objects)
f%.o:
\tprintf '{SOURCE}' $* 1$* >f$*.c
\tgcc -O2 -fPIC -c -o $@ f$*.c
"""


def kernel_syscalls():
    """The names that this machine's headers know, without those of the profile's special cases."""
    names = set()
    for where in ("x86_64-linux-gnu/asm", "aarch64-linux-gnu/asm", "asm", "asm-generic"):
        for header in ("unistd_64.h", "unistd_32.h", "unistd.h"):
            path = f"/usr/include/{where}/{header}"
            if os.path.exists(path):
                with open(path, encoding="ascii", errors="replace") as f:
                    names |= set(re.findall(r"#define __NR(?:3264)?_([a-z0-9_]+)\s", f.read()))
    return sorted(names - REFUSED - BY_ARGUMENT - {"syscalls", "arch_specific_syscall"})


def seccomp_profile(path=None):
    """A profile as large as Docker's default, in the OCI shape; from a file when there is one."""
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            doc = json.load(f)
        return doc.get("linux", {}).get("seccomp", doc)
    allow = "SCMP_ACT_ALLOW"
    rules = [{"names": kernel_syscalls(), "action": allow}]
    for value in (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF):
        rules.append(
            {"names": ["personality"], "action": allow, "args": [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}]}
        )
    rules.append({"names": ["socket"], "action": allow, "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]})
    rules.append(
        {"names": ["clone"], "action": allow, "args": [{"index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ"}]}
    )
    rules.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38})
    arches = {
        "x86_64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "aarch64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
    }
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "architectures": arches.get(os.uname().machine, []),
        "syscalls": rules,
    }


def default_config(generators):
    """What `RUNTIME spec` writes, by the first that can: an older runtime's document is one that all of them accept."""
    for runtime in generators:
        where = os.path.join(generators.work, "spec")
        os.makedirs(where, exist_ok=True)
        done = subprocess.run([runtime, "spec", "-b", where], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            with open(os.path.join(where, "config.json"), encoding="utf-8") as f:
                return json.load(f)
    raise SystemExit("bench: no runtime here can write a config.json")


class Generators(list):
    """Runtimes that have `spec`, and a place to let them write."""

    def __init__(self, work, runtimes):
        super().__init__(r for r in runtimes if r)
        self.work = work


def make_rootfs(work, inside):
    """Busybox, and mount points for the host's /usr that the workloads use."""
    root = os.path.join(work, "rootfs")
    for name in ("bin", "proc", "dev", "sys", "etc", "tmp", "usr"):
        os.makedirs(os.path.join(root, name))
    busybox = shutil.which("busybox")
    if not busybox:
        raise SystemExit("bench: busybox is needed (package busybox-static)")
    shutil.copy(busybox, os.path.join(root, "bin/busybox"))
    for applet in ("sh", "true", "sleep"):
        os.symlink("busybox", os.path.join(root, "bin", applet))
    for name in ("lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + name):
            os.symlink("usr/" + name, os.path.join(root, name))
    shutil.copy(inside, os.path.join(root, "bin/inside"))
    with open(os.path.join(root, "etc/build.mk"), "w", encoding="utf-8") as f:
        f.write(BUILD)
    return root


def write_bundle(work, name, config):
    path = os.path.join(work, "bundle-" + name)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)
    return path


def make_bundles(work, rootfs, runtimes, profile):
    """{"true": bundle, "sleep": bundle}, the same with "-seccomp", and the config from which workloads are made."""
    base = default_config(Generators(work, runtimes))
    base["process"]["terminal"] = False
    base["root"] = {"path": rootfs, "readonly": True}
    namespaces = base["linux"]["namespaces"]
    if not any(n["type"] == "cgroup" for n in namespaces):
        namespaces.append({"type": "cgroup"})
    bundles = {}
    for program, args in (("true", ["/bin/true"]), ("sleep", ["/bin/sleep", "60"])):
        config = copy.deepcopy(base)
        config["process"]["args"] = args
        bundles[program] = write_bundle(work, program, config)
        config["linux"]["seccomp"] = profile
        bundles[program + "-seccomp"] = write_bundle(work, program + "-seccomp", config)
    return bundles, base


def workload_config(base, args):
    """The host's /usr read-only, a writable /tmp, and the workload as the program."""
    config = copy.deepcopy(base)
    config["process"]["args"] = args
    config["mounts"] += [
        {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro", "nosuid", "nodev"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]},
    ]
    return config
