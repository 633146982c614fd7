#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The built-in policies: real programs of the kind that each is for run without a denial, and what would get out fails as the table says.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
need_command gcc make git perl python3 sqlite3 node
[ -L /bin ] || skip_all "the host's /bin is no link to /usr/bin"

make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -static -o "$T/rootfs/bin/attempts" "$TOP_SRCDIR/tests/lib/attempts.c" || fail "a program to make calls with"
policies=(compute judge python node build agent)

# ---- attempts ----
# With capabilities, so that it is the policy that refuses.
caps='"CAP_SYS_CHROOT", "CAP_SYSLOG", "CAP_SYS_BOOT", "CAP_SYS_TIME", "CAP_NET_RAW", "CAP_AUDIT_WRITE"'
strong=".process.capabilities |= with_entries(.value = [$caps])"
make_bundle "$T/b" "$(args_filter attempts) | $strong"
jr --policy none run --bundle "$T/b" "ga-$$-none" >"$T/none" 2>"$T/err"
ok "without a policy the attempts run (control)" grep -q '^loopback ok' "$T/none" || diag "$(cat "$T/err")"
for p in "${policies[@]}"; do
	jr --policy "$p" --audit "$T/audit-$p" run --bundle "$T/b" "ga-$$-$p" >"$T/said-$p" 2>"$T/err" || diag "$p: $(cat "$T/err")"
done
# ATTEMPT and what comes of it, for each policy; the last: what it may not say without one. "=": what it says without one.
while read -r attempt want; do
	read -r -a want <<<"$want"
	said=$(sed -n "s/^$attempt //p" "$T/none")
	got=() all=()
	for i in "${!policies[@]}"; do
		w=${want[i]-${want[-1]}}
		[ "$w" != = ] || w=$said
		all+=("$w")
		got+=("$(sed -n "s/^$attempt //p" "$T/said-${policies[i]}")")
	done
	is "$attempt: ${policies[*]}" "${got[*]}" "${all[*]}"
done <<'ROWS'
fork EPERM =
clone3 ENOSYS
clone-user EPERM
clone-user-wide EPERM
clone-uts EPERM
clone3-user ENOSYS
unshare-user EPERM
unshare-uts EPERM
unshare-time EPERM
setns EPERM
traceme EPERM
attach EPERM
vm-readv EPERM
pidfd-getfd EPERM
kcmp EPERM
kill-init EPERM = = = = EPERM
tiocsti EPERM
personality EPERM
bpf EPERM
perf EPERM
userfaultfd EPERM
io-uring ENOSYS
keyctl EPERM
kexec EPERM
init-module EPERM
syslog EPERM
reboot EPERM
sethostname EPERM
clock EPERM
clock-adjtime EPERM
adjtimex EPERM
quotactl-fd EPERM
open-tree-attr EPERM
mount EPERM
umount EPERM
fsopen EPERM
open-tree EPERM
pivot EPERM
chroot EPERM
by-handle EPERM
map-wx = = EPERM = = =
map-x ok
read ok
write EPERM ok
truncate EPERM ok
tmpfile EPERM ok
openat2 EPERM ok
unlink EPERM ok
chmod EPERM ok
memfd EPERM ok
unix EPERM ok
inet EPERM EAFNOSUPPORT ok ok EAFNOSUPPORT ok
inet6 EPERM EAFNOSUPPORT ok ok EAFNOSUPPORT ok
netlink EPERM EAFNOSUPPORT ok ok EAFNOSUPPORT ok
packet EPERM EAFNOSUPPORT
sock-packet EPERM EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT EPROTONOSUPPORT
raw EPERM EAFNOSUPPORT ok ok EAFNOSUPPORT EPROTONOSUPPORT
alg EPERM EAFNOSUPPORT
vsock EPERM EAFNOSUPPORT
metadata EPERM EAFNOSUPPORT = = EAFNOSUPPORT EPERM
metadata-mapped EPERM EAFNOSUPPORT = = EAFNOSUPPORT EPERM
link-local EPERM EAFNOSUPPORT = = EAFNOSUPPORT EPERM
loopback EPERM EAFNOSUPPORT ok ok EAFNOSUPPORT ok
ROWS
# The control of the table: it is the policies that refuse.
for attempt in fork clone3 clone-user unshare-user unshare-uts traceme vm-readv personality map-wx write memfd unix inet; do
	is "$attempt without a policy (control)" "$(sed -n "s/^$attempt //p" "$T/none")" ok
done
for p in "${policies[@]}"; do
	ok "$p: refusals are reported, clone3 is not" jq -se 'map(.syscall) | (index("unshare") != null) and (index("clone3") == null)' "$T/audit-$p" || diag "$(head -n 3 "$T/audit-$p")"
done
make_bundle "$T/b" "$(args_filter attempts 100)"
jrun --policy judge run --bundle "$T/b" "ga-$$-bomb"
is "judge: processes are counted" "$out" $'bomb EAGAIN\nbomb-size 63' || diag "$err"
for address in 169.254.170.2 '[fd00:ec2::254]' '[fd00:ec2::23]' '[fd20:ce::254]' 100.100.100.200 168.63.129.16 \
	'[64:ff9b::a9fe:a9fe]' '[64:ff9b::6464:64c8]' '[64:ff9b::a83f:8110]'; do
	run "$JAILRUN" policy test agent connect "tcp:$address:80"
	like "agent: no credentials of a cloud at $address" "$rc:$out" "^1:errno EPERM: network.connect.deny"
done
# Nobody wrote the policy `default`; the others are somebody's choice, and not left out.
make_bundle "$T/b" "$(args_filter true) | .linux.namespaces |= map(select(.type != \"pid\"))"
jrun --policy judge run --bundle "$T/b" "ga-$$-pid"
like "a shared pid namespace: an error" "$rc:$err" "^1:.*policy judge needs a pid namespace"

# ---- real programs ----
# The host's programs in a root of their own.
root=$T/real
mkdir -p "$root"/{usr,etc,tmp,dev,proc,sys,work,root}
for d in bin sbin lib lib64 lib32 libx32; do [ ! -L "/$d" ] || cp -P "/$d" "$root/$d"; done
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
cp -r /etc/alternatives "$root/etc" && cp /etc/ld.so.cache "$root/etc"
py=$(python3 -c 'import sys; print(sys.base_prefix)')
shown=".mounts += [{destination: \"/usr\", type: \"bind\", source: \"/usr\", options: [\"rbind\", \"ro\"]}, {destination: \"/tmp\", type: \"tmpfs\", source: \"tmpfs\"},
	{destination: \"/work\", type: \"bind\", source: \"$T/work\", options: [\"rbind\", \"rw\"]}]"
case $py in /usr*) ;; *) mkdir -p "$root$py" && shown+=" | .mounts += [{destination: \"$py\", type: \"bind\", source: \"$py\", options: [\"rbind\", \"ro\"]}]" ;; esac
mkdir "$T/work"
# runs POLICY LABEL WANT PROGRAM ARGUMENT...: it says what it should, and nothing was denied.
runs() {
	local policy=$1 label=$2 expected=$3
	shift 3
	rm -f "$T/audit"
	(
		ROOTFS=$root
		make_bundle "$T/b" "$(args_filter "$@") | $shown | .process.cwd = \"/work\" | .process.env += [\"HOME=/tmp\", \"PYTHONDONTWRITEBYTECODE=1\"]"
	)
	jrun --policy "$policy" --audit "$T/audit" run --bundle "$T/b" "ga-$$-real"
	is "$policy runs $label" "$rc:${out//$'\n'/ }" "0:$expected" || diag "$err"
	is "$policy denies nothing of $label" "$(jq -sc 'map([.rule, .syscall, .action, .comm])' "$T/audit" 2>/dev/null)" "[]"
}
seq 3 >"$T/work/numbers"

cat >"$T/work/threads.py" <<'PY'
import hashlib, threading, re, json, decimal, random
found = []
def work(n): found.append(hashlib.sha256(bytes(n)).hexdigest()[:4])
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(len(found), sum(map(int, open("numbers"))), decimal.Decimal(1) / 8, json.loads("[1]")[0])
PY
runs compute "Python with threads" "4 6 0.125 1" "$py/bin/python3" -S threads.py
runs compute sort "3 2 1" sort -rn --parallel=2 -S 1M numbers
runs compute sqlite 285 sqlite3 -batch -init /dev/null :memory: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<9) SELECT sum(i*i) FROM n'
runs compute perl 3628800 perl -e 'my $p = 1; $p *= $_ for 1 .. 10; print "$p\n"'

cat >"$T/work/answer.c" <<'C'
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static void *half(void *p) { *(int *)p = 21; return p; }
int main(void)
{
	pthread_t t;
	int n = 0, status;
	pthread_create(&t, 0, half, &n);
	pthread_join(t, 0);
	if (fork() == 0)
		_exit(n);
	wait(&status);
	printf("%d\n", n + WEXITSTATUS(status));
	return 0;
}
C
runs judge "gcc, and what it made" 42 sh -c 'gcc -O1 -pthread -o /tmp/answer answer.c && /tmp/answer'

# A real source: jailrun's own, by a make of its own.
mkdir "$T/work/src" && cp -r "$TOP_SRCDIR/base" "$T/work/src" && cp "$TOP_BUILDDIR/config.h" "$T/work/src"
cat >"$T/work/src/Makefile" <<'MK'
objects = $(patsubst %.c,%.o,$(wildcard base/*.c))
lib.a: $(objects) ; ar rcs $@ $^
%.o: %.c ; gcc -std=gnu11 -D_GNU_SOURCE -I. -include config.h -O0 -c -o $@ $<
MK
runs build "make, gcc, ar and git" "$(find "$TOP_SRCDIR/base" -name '*.c' | wc -l) 1" sh -c 'cd src && make -s -j2 && git config --global user.email x && git config --global user.name x &&
	git init -q . && git add base && git commit -qm all && git gc -q && git clone -q . /tmp/clone && echo "$(ar t lib.a | wc -l) $(git -C /tmp/clone log --oneline | wc -l)"'

cat >"$T/work/all.py" <<'PY'
import asyncio, ctypes, mmap, multiprocessing, os, select, signal, socket, sqlite3, ssl, subprocess, tempfile, threading
def square(n): return n * n
async def echo():
    async def serve(r, w):
        w.write(await r.read(5)); await w.drain(); w.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    r, w = await asyncio.open_connection(*server.sockets[0].getsockname())
    w.write(b"hello"); return await r.read()
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: assert pool.map(square, [1, 2, 3]) == [1, 4, 9]
    assert subprocess.run(["sh", "-c", "echo x | cat"], capture_output=True).stdout == b"x\n"
    assert asyncio.run(echo()) == b"hello"
    with tempfile.TemporaryFile() as f:
        f.write(b"x" * 4096); f.flush()
        assert mmap.mmap(f.fileno(), 4096)[0] == 120
    assert sqlite3.connect("/tmp/db").execute("select 6 * 7").fetchone()[0] == 42
    assert ctypes.CDLL(None).getpid() == os.getpid()
    assert socket.getaddrinfo("localhost", 80) and ssl.create_default_context() and select.epoll()
    print("all")
PY
runs python "a program that does a little of everything" all "$py/bin/python3" all.py
# libffi asks for such a mapping first, and has another way.
jrun --policy python --audit "$T/audit" run --bundle "$(ROOTFS=$root; make_bundle "$T/b" "$(args_filter "$py/bin/python3" -c 'import ctypes; print(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n * n)(3))') | $shown" && echo "$T/b")" "ga-$$-ffi"
is "python: a callback of C is made without memory for writing and executing" "$out $(jq -sc 'map([.syscall, .action]) | unique' "$T/audit")" '9 [["mmap","EPERM"]]' || diag "$err"
if "$py/bin/python3" -c 'import test.test_json' 2>/dev/null; then
	runs python "CPython's own tests" SUCCESS sh -c "$py/bin/python3 -m test --tempdir /tmp test_mmap test_fcntl test_pipes test_thread 2>&1 | sed -n 's/^Result: //p; /^test .* failed/p'"
else
	diag "$py has no tests of CPython's own"
fi

cat >"$T/work/all.js" <<'JS'
const { Worker } = require('worker_threads'), net = require('net'), fs = require('fs'), zlib = require('zlib'), cp = require('child_process'), crypto = require('crypto');
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 42, 11]);
(async () => {
	let f = n => n < 2 ? n : f(n - 1) + f(n - 2);
	const said = [f(20), zlib.inflateSync(zlib.deflateSync('x')).toString(), cp.execSync('echo sh').toString().trim()];
	said.push(await new Promise(r => new Worker('require("worker_threads").parentPort.postMessage("worker")', { eval: true }).on('message', r)));
	said.push(await new Promise(r => { const s = net.createServer(c => c.end('tcp')).listen(0, '127.0.0.1', () =>
		net.connect(s.address().port, '127.0.0.1').on('data', d => { s.close(); r(d.toString()); })); }));
	said.push((await WebAssembly.instantiate(wasm)).instance.exports.f());
	await fs.promises.writeFile('/tmp/x', 'file'); said.push(await fs.promises.readFile('/tmp/x', 'utf8'));
	said.push((await new Promise((y, n) => crypto.scrypt('p', 's', 8, (e, k) => e ? n(e) : y(k)))).length);
	console.log(said.join(' '));
})();
JS
runs node "a program that does a little of everything" "6765 x sh worker tcp 42 file 8" node all.js

runs agent "shell, git, Python, node and sqlite" "1 7 8 9" sh -c "cd /tmp && git config --global user.email x && git config --global user.name x && git init -q r && cd r && echo x >f && git add f && git commit -qm m &&
	echo \$(git log --oneline | wc -l) \$($py/bin/python3 -c 'import subprocess; subprocess.run([\"echo\", \"7\"])') \$(node -p 8) \$(sqlite3 -batch db 'create table t(i); insert into t values (9); select i from t')"
done_testing
