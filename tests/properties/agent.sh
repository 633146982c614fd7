# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by rows of the property table: runs the container with an agent at $WORK/agent, as linux.seccomp.listenerPath says. What the container
# printed is in $WORK/printed, the last container process state that the agent got in $WORK/process, and how many fds came with it in $WORK/fds.
rm -f "$WORK/agent" "$WORK/log" "$WORK/process"
python3 "$LIB/seccomp_agent.py" "$WORK/agent" "$WORK/log" &
agent=$!
trap 'kill $agent' EXIT
for _ in $(seq 500); do
	[ -S "$WORK/agent" ] && break
	sleep 0.02
done
create
jr start "$ID"
wait_stopped
cp "$WORK/created" "$WORK/printed"
touch "$WORK/log"
jq -c 'select(.state) | .state' "$WORK/log" | tail -n 1 >"$WORK/process"
jq -c 'select(.state) | .fds' "$WORK/log" | tail -n 1 >"$WORK/fds"
