#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""shim.py PIDFILE COMMAND...: what containerd's shim and conmon are to a process of exec: a subreaper that runs the command and
then waits for the process of the pid file. Prints the exit status of both, a signal as a negative number; "none": no such file."""
import ctypes
import os
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
    sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
status = subprocess.call(sys.argv[2:], stdin=subprocess.DEVNULL)
process = "none"
if os.path.exists(sys.argv[1]):
    with open(sys.argv[1], encoding="ascii") as f:
        process = os.waitstatus_to_exitcode(os.waitpid(int(f.read()), 0)[1])
print(f"runtime {status}\nprocess {process}")
