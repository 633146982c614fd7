# SPDX-License-Identifier: Apache-2.0
# Completion of jailrun's command line; the program itself knows what may stand where. By hand: jailrun completion fish | source

function __jailrun_complete
	set -l words (commandline -opc)
	set -l typed (commandline -ct)
	set -l value "$typed"
	set -l option ''
	if string match -q -- '-*=*' "$typed"
		set value (string replace -r -- '^[^=]*=' '' "$typed")
		set option (string replace -r -- '=.*' '=' "$typed")
	end
	set -l lines ($words[1] complete -- $words[2..-1] "$typed" 2>/dev/null)
	for line in $lines[2..-1]
		echo -- "$option$line"
	end
	switch "$lines[1]"
		case files
			string replace -r '^' -- "$option" (__fish_complete_path "$value")
		case dirs
			string replace -r '^' -- "$option" (__fish_complete_directories "$value")
	end
end
complete -c jailrun -f -a '(__jailrun_complete)'
