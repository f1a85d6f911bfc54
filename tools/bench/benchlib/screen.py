# SPDX-License-Identifier: GPL-2.0-only
"""The tables on the screen."""

from . import micro
from .whole import TARGETS


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def rows(title, names, lines):
    width = max([len(x[0]) for x in lines] + [20])
    print(f"\n{title}\n{'':{width}}" + "".join(f"{n:>16}" for n in names))
    for label, values in lines:
        print(f"{label:<{width}}" + "".join(f"{v:>16}" for v in values))


def against(results, name, key, of, base="native"):
    value = results[name].get(key)
    if value is None:
        return "-"
    text = number(of(value))
    other = results.get(base, {}).get(key)
    if name != base and other is not None and of(other):
        text += f" x{of(value) / of(other):.2f}"
    return text


def keyed(title, results, of, base="native"):
    keys = list(dict.fromkeys(k for r in results.values() for k in r))
    if all(k.isdigit() for k in keys):
        keys.sort(key=int)
    rows(title, list(results),
         [(k, [against(results, n, k, of, base) for n in results]) for k in keys])


def show(raw, figures):
    micro.table(raw["dma_api"])
    keyed("Devices: guest instructions per I/O or frame, x native", raw["io"],
          lambda r: r["instructions"])
    keyed("Devices: instructions at EL2 per I/O or frame", {k: v for k, v in raw["io"].items() if k.startswith("ours")},
          lambda r: r["el2_instructions"])
    keyed("Hypercalls per I/O or frame",
          {k: v for k, v in raw["io"].items() if k.startswith("ours")}, lambda r: r["hypercalls"])
    for what in ("map", "unmap"):
        keyed(f"Guest instructions to {what} 4 KiB, by number of mapped pages",
              {n: {str(r["live"]): r for r in levels} for n, levels in raw["growth"].items()},
              lambda r, what=what: r[what])
    keyed("Guest instructions to attach a device, by number of streams", raw["attach"],
          lambda r: r["instructions"])
    for n, results in raw["registers"].items():
        kinds = [k for k in next(iter(results.values())) if any(r[k] for r in results.values())]
        rows(f"Register accesses per map + unmap, {n}", kinds + ["all"],
             [(op, [number(r[k]) for k in kinds] + [number(sum(r.values()))])
              for op, r in results.items()])
    keyed("Several CPUs: instructions of all CPUs per map + unmap of 4 KiB", raw["parallel"],
          lambda r: r)
    keyed("The kernel's dma_map_benchmark, 4 KiB, map + unmap, nanoseconds of guest time",
          raw["map_benchmark"], lambda r: r["map"] + r["unmap"])
    keyed("Wall-clock time: nanoseconds of the host per map + unmap", raw["wall"], lambda r: r)
    keyed("Boot: guest instructions until user space is on NVMe", raw["boot"], lambda r: r)
    rows("Hypercalls for DMA, including random ones: instructions", ["longest", "average", "calls"],
         [(n, [number(f[2]), number(f[1] / f[0]), number(f[0])])
          for n, f in sorted(raw["longest"].items(), key=lambda x: -x[1][2])])
    for job, found in raw["locks"]["ours"].items():
        rows(f"Locks of EL2 per operation, {job}", ["taken", "held", "held at most"],
             [(n, [number(f["taken"]), number(f["held_instructions"]), number(f["held_at_most"])])
              for n, f in found.items()])
    m = raw["memory"]
    print(f"\nEL2's memory with {m['mapped_pages']} pages mapped: {m['table_pages']} pages of "
          f"tables, {m['spare_pages']} spare pages; reserved at boot for {m['ram_mib']} MiB of "
          f"memory: {m['reserved_mib']} MiB, {m['reserved_mib_without_series']} MiB without the series")
    w = raw["waits"]
    print(f"\nTLB syncs: EL2 waits at most {w['bound_us']} us; the longest sync took "
          f"{w['measured_us']} us, which depends on the hardware, here on the model")
    print()
    for key, (target, what) in TARGETS.items():
        verdict = "" if target is None else \
            f"   at most {target:g}: " + ("met" if figures[key] <= target else "MISSED")
        print(f"{key:<32}{number(figures[key]):>10}{verdict:<24}  {what}")
