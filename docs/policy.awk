# SPDX-License-Identifier: Apache-2.0
# Makes jailrun-policy(5) of docs/policy.md: awk -v version=VERSION -f policy.awk policy.md. It knows the Markdown of that page: headings,
# paragraphs, lists, tables, blocks of code, `code`, **strong** and *stressed* words. Anything else is an error, so that nothing is lost.

function fail(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text >"/dev/stderr"
	failed = 1
	exit 1
}

function escape(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	gsub(/…/, "...", s)
	if (s ~ /[\200-\377]/)
		fail("a character that is not ASCII: " s)
	return s
}

# A line that begins with a dot or an apostrophe would be a request.
function say(s) {
	print (s ~ /^[.']/ ? "\\&" : "") s
}

# `code` keeps what is in it as it is; ** and * count outside of it alone.
function inline(s, n, part, i, out, strong) {
	n = split(s, part, "`")
	if (n % 2 == 0)
		fail("a ` without its other one: " s)
	for (i = 1; i <= n; i++) {
		part[i] = escape(part[i])
		if (i % 2 == 0) {
			out = out "\\fB" part[i] (strong ? "" : "\\fR")
			continue
		}
		while (match(part[i], /\*\*/)) {
			strong = !strong
			part[i] = substr(part[i], 1, RSTART - 1) (strong ? "\\fB" : "\\fR") substr(part[i], RSTART + RLENGTH)
		}
		while (match(part[i], /\*[^* ]([^*]*[^* ])?\*/))
			part[i] = substr(part[i], 1, RSTART - 1) "\\fI" substr(part[i], RSTART + 1, RLENGTH - 2) "\\fR" substr(part[i], RSTART + RLENGTH)
		if (part[i] ~ /\]\(/)
			fail("a link: name the page: " s)
		out = out part[i]
	}
	if (strong)
		fail("a ** without its other one: " s)
	return out
}

# What has been gathered of a paragraph or an entry of a list.
function flush_text() {
	if (text != "")
		say(inline(text))
	text = ""
}

function end_list() {
	flush_text()
	if (nested)
		print ".RE"
	nested = listed = 0
}

# `|` in code is no border: there it is a byte that is nowhere else.
function cells(line, out, n, part, i) {
	n = split(line, part, "`")
	for (i = 2; i <= n; i += 2)
		gsub(/\|/, "\001", part[i])
	line = part[1]
	for (i = 2; i <= n; i++)
		line = line "`" part[i]
	sub(/^\| */, "", line)
	sub(/ *\| *$/, "", line)
	n = split(line, out, / *\| */)
	for (i = 1; i <= n; i++)
		gsub(/\001/, "|", out[i])
	return n
}

# A row: its first cell, and below it the others with the words of the head, where there is more than one.
function row(line, cell, n, i) {
	n = cells(line, cell)
	if (n > n_head)
		fail("a row of more cells than the head has")
	print ".TP"
	say(inline(cell[1]))
	for (i = 2; i <= n; i++) {
		if (cell[i] == "")
			continue
		if (i > 2)
			print ".br"
		say((n_head > 2 && head[i] != "" ? "\\fI" inline(head[i]) "\\fR: " : "") inline(cell[i]))
	}
}

NR == 1 {
	if ($0 != "# Policies")
		fail("the page begins with another heading")
	print ".\\\" SPDX-License-Identifier: Apache-2.0"
	print ".\\\" Made of docs/policy.md."
	print ".TH JAILRUN-POLICY 5 \"\" \"jailrun " version "\" \"File Formats\""
	print ".SH NAME"
	print "jailrun\\-policy \\- what the workload of a container may do"
	print ".SH DESCRIPTION"
	next
}
/^```/ {
	if (!code) {
		end_list()
		print ".PP\n.RS 4\n.nf"
	} else {
		print ".fi\n.RE"
	}
	code = !code
	next
}
code { say(escape($0)); next }
/^\|/ {
	end_list()
	if (!n_head)
		n_head = cells($0, head)
	else if ($0 !~ /^\|[-| ]+$/)
		row($0)
	next
}
{ n_head = 0 }
/^###? / {
	end_list()
	macro = /^## / ? ".SH" : ".SS"
	sub(/^#+ /, "")
	gsub(/[`*]/, "")
	if (macro == ".SH" && /^[A-Z]/)
		$0 = toupper($0)
	print macro " \"" escape($0) "\""
	next
}
/^#/ { fail("a heading of another level") }
/^$/ { flush_text(); blank = 1; next }
/^(  )?- / || /^[0-9]+\. / {
	deep = /^  / ? 1 : 0
	flush_text()
	if (deep && !nested)
		print ".RS 3"
	else if (!deep && nested)
		print ".RE"
	nested = deep
	mark = /^[0-9]/ ? $1 : "\\(bu"
	sub(/^ *(-|[0-9]+\.) /, "")
	print ".IP " mark " 3"
	text = $0
	listed = 1
	blank = 0
	next
}
{
	if (listed && blank && !/^ /)
		end_list()
	if (text == "" && !listed)
		print ".PP"
	else if (text == "" && listed)
		print ".IP"
	sub(/^ +/, "")
	text = text (text == "" ? "" : " ") $0
	blank = 0
}
END {
	if (failed)
		exit 1
	if (code)
		fail("a block of code without its end")
	end_list()
	print ".SH SEE ALSO"
	print ".BR jailrun (1),"
	print ".BR seccomp (2)"
	print ".PP"
	print "The pages that are named here, and the schema policy.schema.json, lie in"
	print ".I share/doc/jailrun"
	print "below the prefix that jailrun was installed to."
}
