#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reaper.py PID-FILE COMMAND...: a caller as containerd's shim and conmon are. It is a subreaper, runs the command (a detached exec), and
waits, after the end of its own stdin, for the process of the pid file as for a child of its own. Prints the status of the command and that
of the process."""
import ctypes
import os
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
    sys.exit("PR_SET_CHILD_SUBREAPER: " + os.strerror(ctypes.get_errno()))
done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, check=False)
with open(sys.argv[1], encoding="ascii") as f:
    pid = int(f.read())
sys.stdin.read()
_, status = os.waitpid(pid, 0)
print(done.returncode, os.waitstatus_to_exitcode(status))
