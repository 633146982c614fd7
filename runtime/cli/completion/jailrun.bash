# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion of jailrun's command line; the program itself knows what may stand where. By hand: . <(jailrun completion bash)

_jailrun() {
	local words=() lines=() word value glue='' i
	# Bash splits --option=value at the equals sign.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ -n $glue || ($word == =* && ${words[-1]-} == -*) ]]; then
			words[-1]+=$word
			glue=
			[[ $word != = ]] || glue=1
		else
			words+=("${word/#~\//$HOME/}")
		fi
	done
	COMPREPLY=()
	word=${words[-1]} value=${words[-1]}
	[[ $word != -*=* ]] || value=${word#*=}
	mapfile -t lines < <("$1" complete -- "${words[@]}" 2>/dev/null)
	[ ${#lines[@]} -gt 0 ] || return 0
	COMPREPLY=("${lines[@]:1}")
	COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
	case ${lines[0]} in
	files) mapfile -t lines < <(compgen -f -- "$value") ;;
	dirs) mapfile -t lines < <(compgen -d -- "$value") ;;
	*) lines=() ;;
	esac
	if [ ${#lines[@]} -gt 0 ]; then
		COMPREPLY+=("${lines[@]}")
		compopt -o filenames 2>/dev/null
	fi
	# Where it does not split there, the whole word is to be replaced.
	if [[ $word == -*=* && $COMP_WORDBREAKS != *=* ]]; then
		COMPREPLY=("${COMPREPLY[@]/#/${word%%=*}=}")
	fi
}
complete -F _jailrun jailrun
