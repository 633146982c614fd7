#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent for SCMP_ACT_NOTIFY: seccomp_agent.py SOCKET LOG

Takes listeners at the AF_UNIX stream socket SOCKET, and appends to LOG, one JSON object a line, each container process state
that came ({"state": ..., "fds": how many, "messages": how many}) and each call that it answered ({"nr": ..., "answer": ...,
"pid": ...}). What it answers stands in the metadata of the state, which are its own language: NAME=ANSWER, separated by
commas, where NAME is a system call or "*", and ANSWER is "continue", "slow" (the same after half a second), "ok" (0, and
nothing is done), an errno by name, or "elsewhere", for mkdir: success, and the directory is made below /tmp/agent of the
container. What is not named goes on. It serves until it is killed, or until a metadata of "leave" has come: then it goes with
its listeners.
"""
import array
import ctypes
import errno
import fcntl
import json
import os
import select
import socket
import struct
import sys
import time

RECV, SEND, VALID = 0xC0502100, 0xC0182101, 0x40082102
CONTINUE = 1
AT_FDCWD = 0xFFFFFF9C
NUMBERS = {"read": 0, "write": 1, "close": 3, "sendmsg": 46, "execve": 59, "getcwd": 79, "chdir": 80, "mkdir": 83, "chmod": 90,
           "getuid": 102, "mkdirat": 258, "fchmodat": 268}


def log(path, value):
    with open(path, "a") as f:
        f.write(json.dumps(value) + "\n")


def receive(conn):
    """All that comes until the runtime closes the connection."""
    text, fds, messages = b"", array.array("i"), 0
    while True:
        data, control, _, _ = conn.recvmsg(1 << 20, socket.CMSG_SPACE(16 * fds.itemsize))
        for level, kind, payload in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
        if not data:
            return text, list(fds), messages
        text, messages = text + data, messages + 1


def read_path(pid, address):
    with open(f"/proc/{pid}/mem", "rb") as mem:
        mem.seek(address)
        return mem.read(256).split(b"\0")[0].decode()


def elsewhere(pid, nr, args):
    path = read_path(pid, args[1 if nr == NUMBERS["mkdirat"] else 0])
    top = f"/proc/{pid}/root/tmp/agent"
    os.makedirs(top, exist_ok=True)
    os.mkdir(f"{top}/{os.path.basename(path)}")


def answer(fd, rules, logfile):
    request = bytearray(80)
    fcntl.ioctl(fd, RECV, request)
    ident, pid, _, nr, _, _ = struct.unpack_from("=QIIiIQ", request)
    args = struct.unpack_from("=6Q", request, 32)
    what = rules.get(nr, rules.get("*", "continue"))
    value, error, flags = 0, 0, 0
    if what in ("continue", "slow"):
        time.sleep(0.5 if what == "slow" else 0)
        flags = CONTINUE
    elif what == "elsewhere":
        try:
            elsewhere(pid, nr, args)
        except OSError as why:
            error = -why.errno
        fcntl.ioctl(fd, VALID, struct.pack("=Q", ident))
    elif what != "ok":
        error = -getattr(errno, what)
    log(logfile, {"nr": nr, "answer": what, "pid": pid})
    fcntl.ioctl(fd, SEND, bytearray(struct.pack("=QqiI", ident, value, error, flags)))


def parse(metadata):
    rules = {}
    for item in filter(None, metadata.split(",")):
        name, _, what = item.partition("=")
        rules["*" if name == "*" else NUMBERS[name]] = what
    return rules


def main():
    path, logfile = sys.argv[1:]
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG: not to be left behind by a test that dies
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(64)
    poll = select.poll()
    poll.register(server, select.POLLIN)
    listeners = {}
    while True:
        for fd, events in poll.poll():
            if fd == server.fileno():
                conn, _ = server.accept()
                text, fds, messages = receive(conn)
                conn.close()
                state = json.loads(text)
                log(logfile, {"state": state, "fds": len(fds), "messages": messages})
                if state.get("metadata") == "leave":
                    return
                for got in fds:
                    listeners[got] = parse(state.get("metadata", ""))
                    poll.register(got, select.POLLIN)
            elif events & select.POLLIN:
                try:
                    answer(fd, listeners[fd], logfile)
                except OSError as error:
                    if error.errno != errno.ENOENT:  # ENOENT: the caller was killed meanwhile
                        raise
            else:
                poll.unregister(fd)
                os.close(fd)
                del listeners[fd]


main()
