# SPDX-License-Identifier: Apache-2.0
"""What the benchmark shows: tables, the aims, JSON, and the plot."""
import json
import os
import platform
import re
import statistics
import subprocess
from xml.sax.saxutils import escape

OPERATIONS = ("run", "create", "start", "state", "exec", "kill", "delete")
COLOURS = {
    "floor": "#9aa0a6",
    "floor-cgroup": "#bdc1c6",
    "jailrun-none": "#7fb3e6",
    "jailrun-default": "#1a66b3",
    "crun": "#e08a2e",
    "crun-nocgroup": "#f0c090",
    "runc": "#a8503c",
}


def parse_steps(text):
    """("P state.reserve", microseconds) of each line of --trace-steps that names a row."""
    for line in text.splitlines():
        m = re.match(r"([A-Z] \S+)\s+(\d+) us$", line)
        if m:
            yield m.group(1), float(m.group(2))


def print_steps(steps):
    """How long each row took, as a table with bars; what is left is the start of the programs, parsing and the end."""
    for name, (wall, rows) in steps.items():
        total = sum(us for _, us in rows)
        print(
            f"{name}: medians in us; the whole run {wall:.0f}, its rows {total:.0f}, outside of them {wall - total:.0f}"
        )
        for row, us in rows:
            print(f"  {row:<28} {us:>7.0f}  {'#' * round(100 * us / max(wall, 1))}")
    if not steps:
        print("no rows: is this a jailrun with --trace-steps?")


class Results:
    """Medians, minima and ratios of a bench's samples."""

    def __init__(self, samples):
        self.samples = samples

    def value(self, how, operation, profile, name):
        v = self.samples.get((operation, profile, name))
        return how(v) if v else None

    def ratio(self, how, operation, profile, name, to, to_profile=None):
        a = self.value(how, operation, profile, name)
        b = self.value(how, operation, profile if to_profile is None else to_profile, to)
        return a / b if a and b else None


def number(x, digits=2):
    return "-" if x is None else f"{x:.{digits}f}"


def version(path):
    if not path:
        return None
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).splitlines()[0].strip() if done.stdout or done.stderr else "?"


def versions(bench):
    a = bench.args
    return {name: version(getattr(a, name)) for name in ("jailrun", "crun", "runc") if getattr(a, name)}


def print_table(bench, results):
    names = [w.name for w in bench.who]
    print(f"{'':10}{'':18}{'median':>9}{'minimum':>9}  {'to crun':^13}  {'to floor':^13}{'peak':>8}{'tree':>8}")
    print(f"{'':10}{'':18}{'ms':>9}{'ms':>9}  {'med.':>6} {'min.':>6}  {'med.':>6} {'min.':>6}{'kB':>8}{'kB':>8}")
    for profile in ("", "-seccomp"):
        print("without a seccomp profile" if not profile else "with one of Docker's size")
        for operation in OPERATIONS:
            for name in names:
                if (operation, profile, name) not in results.samples:
                    continue
                ms = [results.value(how, operation, profile, name) / 1000 for how in (statistics.median, min)]
                crun = [
                    number(results.ratio(how, operation, profile, name, "crun")) for how in (statistics.median, min)
                ]
                floor = [
                    number(results.ratio(how, operation, profile, name, "floor", ""))
                    for how in (statistics.median, min)
                ]
                kb = tree = 0
                if operation == "run":
                    kb, tree = (max(table.get((profile, name), [0])) for table in (bench.memory, bench.tree))
                print(
                    f"{operation:<10}{name:<18}{ms[0]:>9.2f}{ms[1]:>9.2f}  {crun[0]:>6} {crun[1]:>6}  {floor[0]:>6} {floor[1]:>6}"
                    f"{kb or '':>8}{tree or '':>8}"
                )
            print()
    print(
        "peak: the largest process (RSS); tree: all of the runtime's and the container's processes together (PSS, sampled)"
    )
    kept = ", ".join(f"{name} {statistics.median(kb):.0f}" for name, kb in bench.resident.items())
    print(f"kept while a container runs, its program (busybox sleep) included, kB (PSS): {kept}")


def aims(results):
    """The project's aims for speed, each (text, [ratio of medians, ratio of minima], limit)."""

    def both(profile, to, to_profile=None):
        return [
            results.ratio(how, "run", profile, "jailrun-default", to, to_profile) for how in (statistics.median, min)
        ]

    return [
        ("run without a profile, jail on: below 0.5 of crun", both("", "crun"), 0.5),
        ("run with a profile, jail on: below 0.25 of crun", both("-seccomp", "crun"), 0.25),
        ("run without a profile, jail on: at most 2 times the floor", both("", "floor"), 2.0),
    ]


def print_aims(results):
    for text, ratios, limit in aims(results):
        if None in ratios:
            print(f"aim: {text}: not measured")
            continue
        good = [r <= limit if limit == 2.0 else r < limit for r in ratios]
        verdict = (
            "met"
            if all(good)
            else "not met"
            if not any(good)
            else "not met (by the %s)" % ("minimum" if good[0] else "median")
        )
        print(f"aim: {text}: {ratios[0]:.2f} (medians), {ratios[1]:.2f} (minima): {verdict}")


def print_fairness(results):
    """On a machine with cgroup v1 crun makes a cgroup in each hierarchy where jailrun makes one of v2: say what is left without."""
    for profile, text in (("", "without a profile"), ("-seccomp", "with a profile")):
        r = [
            results.ratio(how, "run", profile, "jailrun-default", "crun-nocgroup") for how in (statistics.median, min)
        ]
        if None not in r:
            print(
                f"for comparison: run {text}, jail on, to a crun that makes no cgroup at all: {r[0]:.2f} (medians), {r[1]:.2f} (minima)"
            )


def print_workloads(times):
    if not times:
        return
    print("\nthe jail's cost on real programs: wall time inside; ratios to --policy none, of medians and of minima")
    print(f"{'':20}{'none':>9}{'default':>9}{'med.':>7}{'min.':>6}{'trace':>9}{'med.':>7}{'min.':>6}")
    for name, by in times.items():
        cells = ""
        for policy in ("default", "trace"):
            ms = statistics.median(by[policy]) / 1000 if policy in by else None
            ratios = [
                how(by[policy]) / how(by["none"]) if policy in by and "none" in by else None
                for how in (statistics.median, min)
            ]
            cells += f"{number(ms):>9}{number(ratios[0]):>7}{number(ratios[1]):>6}"
        print(f"{name:<20}{number(statistics.median(by['none']) / 1000 if 'none' in by else None):>9}{cells}")


def print_policies(times, refused, order):
    """A table for docs/: what each policy makes of the time of real programs."""
    names = [p for p in order if p != "none" and any(p in by for by in times.values())]
    rounds = min(len(v) for by in times.values() for v in by.values())
    print(f"Wall time inside as a ratio to `--policy none`: of medians, and of minima in brackets; {rounds} rounds.\n")
    print("| | none, ms | " + " | ".join(names) + " |")
    print("| --- | --- |" + " --- |" * len(names))
    for name, by in times.items():
        none = by["none"]
        cells = [
            f"{statistics.median(by[p]) / statistics.median(none):.2f} ({min(by[p]) / min(none):.2f})" if p in by else "refused"
            for p in names
        ]
        print(f"| {name} | {statistics.median(none) / 1000:.1f} | " + " | ".join(cells) + " |")
    for (name, policy), text in sorted(refused.items()):
        print(f"# {policy} refuses {name}: {' '.join(text.split())[:160]}")


def bar_rows(bench, results):
    """[(title, [(name, median ms, minimum ms)])] for the plot."""
    groups = []
    for operation in OPERATIONS:
        for profile in ("", "-seccomp") if operation in ("run", "create", "exec") else ("",):
            rows = [
                (
                    w.name,
                    results.value(statistics.median, operation, profile, w.name),
                    results.value(min, operation, profile, w.name),
                )
                for w in bench.who
            ]
            rows = [(n, m / 1000, lo / 1000) for n, m, lo in rows if m is not None]
            if rows:
                groups.append((operation + (" with a seccomp profile" if profile else ""), rows))
    return groups


def write_svg(path, groups, subtitle):
    """Horizontal bars: the median; the white tick is the minimum. Each group has a scale of its own."""
    left, width, high, y = 190, 520, 18, 58
    out = []
    for title, rows in groups:
        out.append(f'<text x="12" y="{y + 4}" class="t">{escape(title)}</text>')
        y += 14
        top = max(m for _, m, _ in rows)
        for name, median, low in rows:
            w = max(1.0, width * median / top)
            tick = left + width * low / top
            out.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
            out.append(
                f'<rect x="{left}" y="{y + 2}" width="{w:.1f}" height="{high - 4}" fill="{COLOURS.get(name, "#555")}"/>'
            )
            out.append(
                f'<line x1="{tick:.1f}" y1="{y + 2}" x2="{tick:.1f}" y2="{y + high - 2}" stroke="#fff" stroke-width="2"/>'
            )
            out.append(f'<text x="{left + w + 6:.1f}" y="{y + 13}">{median:.2f} ms</text>')
            y += high
        y += 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 100}" height="{y}" '
        f'viewBox="0 0 {left + width + 100} {y}" font-family="sans-serif" font-size="12">'
        "<style>.t{font-weight:bold;font-size:13px}.h{font-size:16px;font-weight:bold}</style>"
        f'<rect width="100%" height="100%" fill="#fff"/><text x="12" y="24" class="h">A container\'s life: medians (white tick: minimum)</text>'
        f'<text x="12" y="42" fill="#555">{escape(subtitle)}</text>'
    )
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + "\n" + "\n".join(out) + "\n</svg>\n")


def write_json(bench, results, times, path):
    doc = {
        "machine": {"kernel": platform.release(), "arch": platform.machine(), "cpus": os.cpu_count()},
        "versions": versions(bench),
        "rounds": bench.done,
        "floor_compiler": bench.compiler,
        "crun_cgroups": bench.layout,
        "operations": [
            {
                "operation": op,
                "seccomp": bool(profile),
                "contestant": name,
                "median_us": statistics.median(v),
                "min_us": min(v),
                "to_crun": {
                    "median": results.ratio(statistics.median, op, profile, name, "crun"),
                    "min": results.ratio(min, op, profile, name, "crun"),
                },
                "to_floor": {
                    "median": results.ratio(statistics.median, op, profile, name, "floor", ""),
                    "min": results.ratio(min, op, profile, name, "floor", ""),
                },
                "samples_us": v,
            }
            for (op, profile, name), v in sorted(results.samples.items())
        ],
        "peak_rss_kb": [
            {"contestant": n, "seccomp": bool(p), "kb": max(v)} for (p, n), v in sorted(bench.memory.items())
        ],
        "peak_tree_pss_kb": [
            {"contestant": n, "seccomp": bool(p), "kb": max(v)} for (p, n), v in sorted(bench.tree.items())
        ],
        "resident_pss_kb": {n: statistics.median(v) for n, v in bench.resident.items()},
        "aims": [{"aim": t, "median": r[0], "min": r[1], "limit": limit} for t, r, limit in aims(results)],
        "workloads_us": times,
        "errors": [{"task": t, "contestant": n, "error": e} for (t, n), e in bench.errors.items()],
    }
    with open(path, "w", encoding="utf-8") as f:
        json.dump(doc, f, indent=1)
        f.write("\n")


def write(bench, times):
    results = Results(bench.samples)
    found = ", ".join(v for v in versions(bench).values() if v)
    print(
        f"{found}; kernel {platform.release()}, {os.cpu_count()} CPUs; {bench.done} rounds; floor built by {bench.compiler}"
    )
    print(f"crun's cgroups: {bench.layout}\n")
    print_table(bench, results)
    print()
    print_aims(results)
    print_fairness(results)
    print_workloads(times)
    for note in bench.notes:
        print("note:", note)
    groups = bar_rows(bench, results)
    if groups:
        write_svg(bench.args.svg, groups, found + f"; kernel {platform.release()}; {bench.done} rounds")
        print("\nplot:", bench.args.svg)
    if bench.args.json:
        write_json(bench, results, times, bench.args.json)
