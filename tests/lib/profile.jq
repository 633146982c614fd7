# A profile in Docker's form, as the engine would hand it over in config.json: the reference of `policy import`, in another language.
# $arch (Go's name), $map (the specification's), $caps, $kernel [major, minor].
def older($v): ($v | split(".") | map(tonumber)) as [$a, $b] | $kernel[0] < $a or ($kernel[0] == $a and $kernel[1] < $b);
{
	defaultAction, defaultErrnoRet,
	architectures: [.archMap[]? | select(.architecture == $map) | .architecture, .subArchitectures[]?],
	syscalls: [.syscalls[] | (.includes // {}) as $in | (.excludes // {}) as $out
		| select(($in.arches // []) == [] or ($in.arches | index([$arch])))
		| select($in.caps // [] | all(. as $c | $caps | index([$c])))
		| select($in.minKernel == null or (older($in.minKernel) | not))
		| select($out.arches // [] | index([$arch]) | not)
		| select($out.caps // [] | any(. as $c | $caps | index([$c])) | not)
		| select($out.minKernel == null or older($out.minKernel))
		| {names: (.names // [.name]), action, errnoRet, args: (.args // [])}]
}
| {ociVersion: "1.0.2", process: {cwd: "/", args: ["x"], user: {uid: 0, gid: 0}}, root: {path: "r"}, linux: {seccomp: .}}
