# SPDX-License-Identifier: Apache-2.0
# complete.zsh JAILRUN DIR LINE...: types each line and a tab into an interactive zsh in DIR that has loaded the completion of
# `jailrun completion zsh`, and prints what became of the line.
zmodload zsh/zpty
zpty z env -i PATH=$PATH TERM=dumb HOME=/nonexistent zsh -f -i
zpty -w z "PS1= RPS1= ; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; . <(${(q)1} completion zsh)
	jailrun() { ${(q)1} \"\$@\"; }; show() { print -r -- \"<\$BUFFER>\"; BUFFER=; }; zle -N show; bindkey '^X' show; cd ${(q)2}; print ready"
zpty -r -m z _ '*ready*ready*'
shift 2
for line; do
	zpty -n -w z "$line"$'\t\C-X'
	zpty -r -m z text '*<*>*' && print -r -- "${${text##*<}%%>*}"
done
zpty -d z
