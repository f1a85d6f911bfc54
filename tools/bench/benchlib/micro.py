# SPDX-License-Identifier: GPL-2.0-only
"""The DMA API alone: instructions, hypercalls, and the share of EL2."""

import concurrent.futures
import json

from . import boot

# lines for dmabench/run: device op size count
SINGLE = [(4 << 10, 400), (64 << 10, 200), (2 << 20, 20)]
SG = [1, 16, 64, 256]


def jobs(devices):
    lines = []
    for dev in devices:
        if dev == "soc1":
            lines.append("soc1 hold 0 0")
        for size, count in SINGLE:
            lines.append(f"{dev} pair {size} {count}")
        lines += [f"{dev} map 4096 256", f"{dev} unmap 4096 256"]
        for n in SG:
            lines += [f"{dev} sgmap {n} 16", f"{dev} sgunmap {n} 16"]
    return lines


QUICK = jobs(["pci", "soc", "soc1"])
QUICK_VARIANTS = ["ours", "ours-v7s", "native", "none", "ours-nowait", "native-nowait"]


def parse(counted):
    """Return [(device, op, size, figures per operation)], in the order of the jobs. The
    figures of `stats`, `image` and `regs` are those that the guest printed. Without the
    plugin the clock is the only figure."""
    results = []
    previous = 0
    for words in counted.lines:
        dev, op, size, _count = words[:4]
        size = int(size) if size.isdigit() else size
        if op == "regs":
            results.append((dev, op, size, json.loads(" ".join(words[4:]))))
            continue
        said = dict(w.split("=", 1) for w in words[4:])
        if op in ("stats", "image"):
            results.append((dev, op, size, {k: int(v, 0) for k, v in said.items()}))
            continue
        if "error" in said:
            results.append((dev, op, size, {"error": said["error"]}))
            continue
        n, ops, ns = (int(said[k]) for k in ("n", "ops", "ns"))
        if not counted.regions:
            if n == previous:
                continue
            previous = n
            results.append((dev, op, size, {"operations": ops, "clock": ns / ops}))
            continue
        regions = [counted.regions[i] for i in range(previous + 1, n + 1)]
        previous = n
        if regions:
            results.append((dev, op, size, figures(regions, ops, ns)))
    return results


def figures(regions, ops, ns):
    calls = {}
    for r in regions:
        for c, (times, insns, longest) in r["calls"].items():
            had = calls.setdefault(c, [0, 0, 0])
            calls[c] = [had[0] + times, had[1] + insns, max(had[2], longest)]
    return {
        "operations": ops,
        "clock": ns / ops,
        "instructions": sum(r["el0"] + r["el1"] + r["el2"] for r in regions) / ops,
        "el2_instructions": sum(r["el2"] for r in regions) / ops,
        "hypercalls": sum(r["hvc"] for r in regions) / ops,
        "longest_el2_stay": max(r["longest"] for r in regions),
        "calls": calls,
    }


def boot_jobs(variant, lines, what="micro", **how):
    return boot.boot(variant, what, "bench-micro",
                     {"/bench/micro": "\n".join(lines) + "\n"}, **how)


def run_one(variant, lines, what="micro", **how):
    return parse(boot_jobs(variant, lines, what, **how))


def run(variants, lines, at_a_time=1):
    with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        all_results = pool.map(lambda v: run_one(v, lines), variants)
        return {v.name: {r[:3]: r[3] for r in results}
                for v, results in zip(variants, all_results)}


def size_name(size):
    for unit, shift in (("M", 20), ("K", 10)):
        if size >> shift and not size & ((1 << shift) - 1):
            return f"{size >> shift}{unit}"
    return str(size)


def name_of(op, size):
    return str(size) if op.startswith("sg") else size_name(size)


# the variant that a variant is compared with
def base_of(name):
    return "native" + name[len("ours"):] if name in ("ours-lazy", "ours-nowait") else "native"


def table(results):
    """Print the instructions of each operation, in brackets those at EL2 and the number of
    hypercalls, and the ratio to the native driver."""
    keys = list(dict.fromkeys(k for r in results.values() for k in r))
    for dev in dict.fromkeys(k[0] for k in keys):
        print(f"\n{DEVICES[dev]}: guest instructions per operation "
              "[at EL2, hypercalls] x native")
        print(f"{'':14}" + "".join(f"{n:>28}" for n in results))
        for key in (k for k in keys if k[0] == dev):
            _, op, size = key
            print(f"{op:<8}{name_of(op, size):>5} " +
                  "".join(f"{cell(results, n, key):>28}" for n in results))


def cell(results, name, key):
    r = results[name].get(key)
    if not r:
        return "-"
    if "error" in r:
        return r["error"]
    text = f"{r['instructions']:.0f}"
    if r["hypercalls"]:
        text += f" [{r['el2_instructions']:.0f}, {r['hypercalls']:.4g}]"
    base = results.get(base_of(name), {}).get(key)
    if base and name != base_of(name) and "error" not in base:
        text += f" x{r['instructions'] / base['instructions']:.2f}"
    return text


DEVICES = {"pci": "NVMe controller (coherent, its queues mapped)",
           "soc": "bus master (not coherent, nothing else mapped)",
           "soc1": "bus master (not coherent, another page mapped)"}
