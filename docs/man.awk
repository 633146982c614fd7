# SPDX-License-Identifier: Apache-2.0
# Makes the manual page: awk -f man.awk OPTIONS TEMPLATE, with OPTIONS what `jailrun --dump-options` prints.
# In the template "@options@" to "@end@" stand for the global options, "@commands@" to "@end@" for the commands of the table. What
# follows a line "@NAME@" in there is put after what the table says about that command, "@NAME --option@" after that option ("@-
# --option@": a global one). A name that the table does not have is an error.
BEGIN { FS = "\t" }

function fail(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text >"/dev/stderr"
	failed = 1
	exit 1
}

function escape(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	return s
}

# "do this or that" -> "Do this or that."
function sentence(s) {
	return toupper(substr(s, 1, 1)) escape(substr(s, 2)) "."
}

function print_options(command, i, o, arg) {
	for (i = 1; i <= n_options[command]; i++) {
		o = option[command, i]
		arg = placeholder[command, o] == "-" ? "" : " \\fI" escape(placeholder[command, o]) "\\fR"
		print ".TP"
		print "\\fB" escape(o) "\\fR" arg (letter[command, o] == "-" ? "" : ", \\fB" escape(letter[command, o]) "\\fR" arg)
		print sentence(help[command, o])
		printf "%s", text[command " " o]
	}
}

function print_commands(i, c) {
	for (i = 1; i <= n_commands; i++) {
		c = name[i]
		print ".SS \"" escape(c (n_options[c] ? " [OPTIONS]" : "") (args[c] == "-" ? "" : " " args[c])) "\""
		print sentence(about[c])
		printf "%s", text[c]
		print_options(c)
	}
}

NR == FNR {
	known[$2 == "-" ? $1 : $1 " " $2] = 1
	if ($5 == "hidden")
		next
	if ($2 == "-") {
		name[++n_commands] = $1
		args[$1] = $4
		about[$1] = $6
	} else if ($1 == "-" || $2 != "--help") {
		option[$1, ++n_options[$1]] = $2
		letter[$1, $2] = $3
		placeholder[$1, $2] = $4
		help[$1, $2] = $6
	}
	next
}
/^@(options|commands)@$/ { block = $0; part = "none"; next }
/^@end@$/ {
	if (block == "@options@")
		print_options("-")
	else
		print_commands()
	part = ""
	next
}
/^@.*@$/ {
	part = substr($0, 2, length($0) - 2)
	if (!(part in known))
		fail("the table has no " part)
	next
}
part == "none" { fail("text before the name of its command") }
part != "" { text[part] = text[part] $0 "\n"; next }
{ gsub(/@VERSION@/, version); print }
END {
	if (!failed && part != "") {
		print FILENAME ": no @end@" >"/dev/stderr"
		exit 1
	}
}
