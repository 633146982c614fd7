/* SPDX-License-Identifier: Apache-2.0 */
/* The completion scripts as strings; the files are found by the make rule's -I. */
	.section .rodata
	.macro script name, file
	.globl rt_completion_\name
	.type rt_completion_\name, %object
rt_completion_\name:
	.incbin "\file"
	.byte 0
	.endm
	script bash, "runtime/cli/completion/jailrun.bash"
	script zsh, "runtime/cli/completion/_jailrun"
	script fish, "runtime/cli/completion/jailrun.fish"
	.section .note.GNU-stack, "", %progbits
