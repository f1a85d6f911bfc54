# SPDX-License-Identifier: GPL-2.0-only
"""topology.svg: the devices, memory clients and SMMUs of the machine, as EL2
reported them."""

from svg import EL2, EL2_FILL, FAINT, HOST, HOST_FILL, STOP, Picture, width

STREAM = ("device", "node", "smmu", "sid", "bank", "format", "domain", "users", "clients")
CLIENT = ("name", "id", "found", "sid", "users", "state")
# names of the SMMUs in Tegra234's manual, by the address of their first instance
UNITS = {"8000000": "smmu_niso1", "12000000": "smmu_niso0", "10000000": "smmu_iso"}
DEVICE, CLIENTS, SID, BANK, DOMAIN = 24, 250, 452, 600, 786     # left edges of the columns
LINE, GAP = 30, 14                                              # of memory clients, of streams


def read(lines):
    """Return the streams and the clients of lines `TOPOLOGY: ...`; ignore other lines."""
    streams, clients = [], {}
    for line in lines:
        words = line.split()
        if words[:2] == ["TOPOLOGY:", "stream"]:
            streams.append(dict(zip(STREAM, words[2:], strict=True)))
        elif words[:2] == ["TOPOLOGY:", "client"]:
            clients[words[2]] = dict(zip(CLIENT, words[2:], strict=True))
    return streams, clients


def address(node):
    return node.rsplit("@", 1)[-1]


def names(stream):
    return [] if stream["clients"] == "-" else stream["clients"].split(",")


def device(stream):
    """Return two lines for a device: its name, and its address or its PCI functions."""
    devices = stream["device"].split(",")
    kind, _, where = stream["node"].rsplit("/", 1)[-1].partition("@")
    if stream["device"] == "-":
        return [kind, f"{where}, no device"]
    if len(devices) > 1:
        return [kind, f"{devices[0]} and {len(devices) - 1} more"]
    return [kind, where]


def draw(lines):
    streams, clients = read(lines)
    p = Picture("The machine's topology, as EL2 reported it",
                f"{len(streams)} devices, from the memory clients that they use over stream IDs "
                "and context banks to their domains.")
    for x, title in ((DEVICE, "device"), (CLIENTS, "memory client"), (SID, "stream ID"),
                     (BANK, "context bank"), (DOMAIN, "domain")):
        p.text(x, 34, title, 14, "start", weight="bold")

    y = 52
    used = set()
    for smmu in sorted({s["smmu"] for s in streams}, key=lambda node: int(address(node), 16)):
        top = y
        y += 34
        inside, places = [], {}
        # consecutive streams with the same ID share a bank
        for s in sorted((s for s in streams if s["smmu"] == smmu),
                        key=lambda s: (int(s["sid"], 16), s["node"])):
            used.update(names(s))
            high = max(len(names(s)) * LINE, 46)
            middle = y + high / 2
            p.box(DEVICE, middle - 22, 166, 44, device(s))
            first = middle - len(names(s)) * LINE / 2
            for i, name in enumerate(names(s)):
                at = first + i * LINE + LINE / 2
                locked = name not in clients or clients[name]["state"] != "routed"
                p.curve(DEVICE + 166, middle, CLIENTS, at, HOST)
                p.box(CLIENTS, at - 12, 130, 24, [name], HOST_FILL, STOP if locked else HOST, 12)
            places.setdefault((s["sid"], s["bank"], s["domain"]), []).append((s, middle, first))
            y += high + GAP
        for (sid, bank, domain), members in places.items():
            at = sum(m[1] for m in members) / len(members)
            inside.append((sid, bank, domain, at, members))
        p.rect(SID - 22, top, DOMAIN - SID - 8, y - top - 4, "none", EL2, 8, "5 4")
        unit = UNITS.get(address(smmu))
        title = f"{unit}, at 0x{int(address(smmu), 16):08x}" if unit else smmu.rsplit("/", 1)[-1]
        p.text(SID - 10, top + 21, title, 13, "start", EL2, "bold")
        for sid, bank, domain, at, members in inside:
            for s, middle, first in members:
                if not names(s):
                    p.curve(DEVICE + 166, middle, SID, at, HOST)
                for i in range(len(names(s))):
                    p.curve(CLIENTS + 130, first + i * LINE + LINE / 2, SID, at, EL2)
            p.box(SID, at - 14, 84, 28, [sid], EL2_FILL, EL2)
            if bank == "-":
                p.text(SID + 96, at + 4, "not attached: faults", 12, "start", STOP)
                continue
            p.path([(SID + 84, at), (BANK, at)], EL2)
            p.box(BANK, at - 14, 120, 28, [f"{bank}, {members[0][0]['format']}"], EL2_FILL, EL2)
            p.path([(BANK + 120, at), (DOMAIN, at)], EL2)
            p.box(DOMAIN, at - 14, 60, 28, [domain], EL2_FILL, EL2)
        y += 14

    idle = [c for n, c in clients.items() if n not in used]
    parked = [c["name"] for c in idle if c["state"] == "parked"]
    others = [f"{c['name']} ({c['state']})" for c in idle if c["state"] != "parked"]
    p.text(DEVICE, y + 14, f"{len(parked)} further memory clients have no device: EL2 has parked "
           "them on a stream ID that faults.", 12.5, "start", FAINT)
    if others:
        text = "Not parked: " + ", ".join(others)
        p.text(DEVICE, y + 34, text, 12.5, "start", STOP)
        y += 20
    p.rect(DEVICE, y + 26, 14, 14, EL2_FILL, EL2, 2)
    p.text(DEVICE + 22, y + 38, "EL2 owns it", 12, "start", FAINT)
    return p.svg(max(870, DEVICE * 2 + width("".join(others), 12.5)), y + 56)
