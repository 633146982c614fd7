#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The options of --help are the options of the manual page, and the other way round; runc's options are all there.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
page=$TOP_BUILDDIR/docs/jailrun.1
run "$JAILRUN" --dump-options
is "the options are listed" "$rc" 0
cp "$T/out" "$T/options"
page_text=$(sed 's/\\-/-/g; s/\\f[BIRP]//g' "$page" 2>/dev/null)

missing=$(awk -F '\t' '$5 != "hidden" && $2 != "-" { print $2 }' "$T/options" | sort -u | while read -r o; do
	grep -qwF -e "$o" <<<"$page_text" || echo "$o"
done)
is "every option stands in the manual page" "$missing" ""
unknown=$(grep -oE -- '(^|[^[:alnum:]-])--[a-z][a-z-]+' <<<"$page_text" | grep -oE -- '--[a-z-]+' | sort -u | while read -r o; do
	cut -f 2 "$T/options" | grep -qxF -e "$o" || echo "$o"
done)
is "the manual page has no option that does not exist" "$unknown" ""

# What callers use of runc's, by command.
while read -r command options; do
	run "$JAILRUN" "$command" --help
	is "$command --help: exit status" "$rc" 0
	for o in $options; do
		if [[ "$out"$'\n'"$(awk -F '\t' -v c="$command" '$1 == c { print $2, $3 }' "$T/options")" == *"$o"* ]]; then
			pass "$command $o"
		else
			fail "$command $o"
		fi
	done
done <<'LIST'
create --bundle --console-socket --pidfd-socket --pid-file --no-pivot --no-new-keyring --preserve-fds
run --bundle --console-socket --pidfd-socket --pid-file --no-pivot --no-new-keyring --preserve-fds --detach --keep --no-subreaper
exec --console-socket --pidfd-socket --cwd --env -e --tty -t --user -u --additional-gids -g --process -p --detach -d --pid-file --process-label --apparmor --no-new-privs --cap -c --preserve-fds --cgroup --ignore-paused
kill --all
delete --force
list --format --quiet
ps --format
events --interval --stats
update --resources --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-idle --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit --l3-cache-schema --mem-bw-schema
pause
resume
spec --bundle --rootless
ps --format -f
events --interval --stats
update --resources -r --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-idle --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit --l3-cache-schema --mem-bw-schema
start
state
pause
resume
features
LIST
done_testing
