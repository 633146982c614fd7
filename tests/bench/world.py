# SPDX-License-Identifier: Apache-2.0
"""What a contestant is shown of the host's cgroups."""

# For `sh -c`, in a mount namespace of its own: $1 is an empty directory, the rest a command to execute there. crun 1.8 refuses a
# /sys/fs/cgroup of both cgroup versions: where there is one, its v2 tree is moved to that directory, and the v1 controllers are left.
V1_ONLY = """set -e
[ ! -e /sys/fs/cgroup/unified/cgroup.procs ] || mount --move /sys/fs/cgroup/unified "$1"
shift
exec "$@"
"""
