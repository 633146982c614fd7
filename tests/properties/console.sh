# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by rows of the property table: runs the container with its terminal at a console socket, as managers do, and prints
# what comes from there.
rm -f "$WORK/socket" "$WORK/errors" # its last word would pass for the new one
python3 "$LIB/console.py" "$WORK/socket" </dev/null >"$WORK/console" 2>"$WORK/errors" &
for _ in $(seq 500); do
	grep -q listening "$WORK/errors" && break
	sleep 0.02
done
create --console-socket "$WORK/socket"
jr start "$ID"
wait
cat "$WORK/console"
