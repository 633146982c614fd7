#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The build in a place whose name has a blank, what `make install` leaves and `make uninstall` takes, and what configure says.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_root
need_runtime
need_command make tar
# Of the caller: a make above would hand on its own flags.
unset MAKEFLAGS MFLAGS MAKELEVEL srcdir
place="$T/a place" build="$T/a place/build/check"
mkdir "$place"
(cd "$TOP_BUILDDIR" && exec make -s distdir distdir="$T/dist" top_distdir="$T/dist") >"$T/log" 2>&1
is "the source, as it is handed out" $? 0 || diag "$(tail -n 5 "$T/log")"
cp -a "$T/dist/." "$place"

# What is compiled already is taken along where it fits, so that this is quick: objects, and what was found out about the system.
mkdir -p "$build"
(cd "$TOP_BUILDDIR" && find base spec namespaces cgroups jail runtime \( -name '*.o' -o -name '*.Po' -o -name .dirstamp \) -print0 |
	tar c --null -T - ./*.a | tar x -C "$build")
rm -r "$build/jail/helper" "$build/runtime/cli" "$build"/base/*.o
cd "$build" || exit 1
configure() { run "$@" -q --cache-file="$T/cache" --enable-werror; }
configure "$build/../../configure" --prefix=/opt/jt
is "configure, by its whole path" "$rc" 0 || diag "$err"
# It differs in the commit alone, and is older than the objects.
cp -p "$TOP_BUILDDIR/config.h" .
run make -s -j2
is "make" "$rc $(./jailrun --version | head -n 1)" "0 $("$JAILRUN" --version | head -n 1)" || diag "$err"
ok "control: the helper was compiled here" test -x jail/helper/jailrun-init

run make -s install DESTDIR="$T/to here"
(cd "$T/to here/opt/jt" && find . -type f -printf '%P\n') | sort >"$T/installed"
is "make install: below DESTDIR and the prefix" "$rc $(sed 's,/[^/]*$,,' "$T/installed" | sort -u | xargs)" \
	"0 bin share/bash-completion/completions share/doc/jailrun share/doc/jailrun/docs share/doc/jailrun/policies share/fish/vendor_completions.d share/man/man1 share/man/man5 share/zsh/site-functions" || diag "$err"
# What the README and the pages name by their ways is there by those ways.
want=$({ cd "$place" && ls docs/*.md && grep -ohE '\bdocs/[a-z0-9_-]+\.(md|json|svg)\b|\bSECURITY\.md\b' README.md docs/*.md; } | sort -u)
ok "control: there are many" test "$(wc -l <<<"$want")" -gt 10
is "every page, and every file that a page names" "$(cd "$T/to here/opt/jt/share/doc/jailrun" && for f in README.md $want; do cmp "$f" "$place/$f" 2>&1; done)" ""
page="$T/to here/opt/jt/share/man/man1/jailrun.1"
ok "the manual page is whole" grep -q '^\.SS "completion' "$page"
ok "and names where the others are" test -d "$T/to here/opt/jt/$(sed -n 's,^\.I \(share/doc/.*\),\1,p' "$page")"
run make -s uninstall DESTDIR="$T/to here"
is "make uninstall: no file stays, nor the directory of the documents" "$rc $(cd "$T/to here" && find . -type f -o -path '*/doc/*')" "0 "

# Ways that cannot be had are named, and nothing is left half configured.
mkdir "$T/beside" && cd "$T/beside" || exit 1
configure "$place/configure"
like "a blank in the way from the build to the source" "$rc $err" "^1 .*has a blank, which make does not take: .*/a place'\. Build inside them"
archives=$(echo 'int main(void) { return 0; }' | cc -x c - -static -o prog -lmnl 2>&1)
configure ../dist/configure --enable-static
if [ -z "$archives" ]; then
	is "--enable-static, where libmnl has an archive" "$rc" 0 || diag "$err"
else
	like "--enable-static, where libmnl has no archive: why, and the two ways" "$rc ${err//$'\n'/ }" '^1 .*libmnl\.a.*Build libmnl with.*--enable-static=partly'
fi
configure ../dist/configure --enable-static=most
like "--enable-static=most" "$rc $err" '^1 .*yes, partly, no or auto'
done_testing
