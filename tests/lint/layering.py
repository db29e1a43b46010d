#!/usr/bin/env python3
"""Checks the house's walls: which folder may include which, third-party headers included.

    layering.py ROOT    exits 1 and names file, line and rule for each breach
"""

import re
import sys
from pathlib import Path

# A folder may include itself and what is named here.
MAY_INCLUDE = {
    "crypto/base": [],
    "crypto": ["crypto/base"],
    "policies": ["crypto", "crypto/base"],
    "protocol": ["crypto", "crypto/base"],
    "node/store": ["crypto", "crypto/base"],
    "node/audit": ["crypto", "crypto/base"],
    "node/keys": ["crypto", "crypto/base"],
    "node/ipc": ["crypto", "crypto/base"],
    "node/import": ["crypto", "crypto/base", "policies"],
    "node/core": ["crypto", "crypto/base", "policies", "protocol", "node/store", "node/audit",
                  "node/keys", "node/ipc", "node/import"],
    "node/gateway": ["crypto/base", "node/ipc"],
    "node/daemon": ["crypto", "crypto/base", "policies", "node/core", "node/keys", "node/ipc"],
    "node/cli": ["crypto", "crypto/base", "policies", "protocol", "node/keys", "node/ipc",
                 "node/audit", "node/import"],
}
# Third-party headers that one place alone may see.
ONLY_IN = [
    (re.compile(r"^sodium(\.h|/)"), ["crypto", "crypto/base"]),
    (re.compile(r"^openssl/"), ["crypto"]),
    (re.compile(r"^(sqlcipher/)?sqlite3\.h$"), ["node/store"]),
    (re.compile(r"^zmq(\.h|\.hpp|_addon\.hpp)$"), ["node/gateway"]),
    (re.compile(r"^csv\.h$"), ["node/import"]),
    (re.compile(r"^systemd/"), ["node/daemon"]),
    (re.compile(r"^toml\+\+/"), ["policies"]),
    (re.compile(r"^date/"), ["policies"]),
    (re.compile(r"^CLI/"), ["node/cli", "node/daemon", "node/gateway"]),
    (re.compile(r"^spdlog/"), ["node/daemon", "node/gateway"]),
    (re.compile(r"\.pb\.h$"), []),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def room_of(path):
    """The longest named folder that holds the path."""
    parts = Path(path).parts
    for n in range(len(parts) - 1, 0, -1):
        folder = "/".join(parts[:n])
        if folder in MAY_INCLUDE:
            return folder
    return None


def breaches(root):
    for path in sorted(root.glob("**/*")):
        relative = path.relative_to(root)
        if path.suffix not in (".h", ".cpp") or relative.parts[0] not in (
                "crypto", "policies", "protocol", "node"):
            continue
        room = room_of(relative)
        if room is None:
            yield relative, 1, "lies in no room of the house"
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, name = match.groups()
            for pattern, rooms in ONLY_IN:
                if pattern.search(name) and room not in rooms:
                    yield relative, number, f"<{name}> belongs in {', '.join(rooms) or 'no room'}"
            if quote == '"':
                target = room_of(name)
                if target is None:
                    if "/" not in name or not (root / name).exists():
                        yield relative, number, f'"{name}" is not named from the root'
                elif target != room and target not in MAY_INCLUDE[room]:
                    yield relative, number, f"{room} must not include {target}"


def main():
    if len(sys.argv) != 2:
        print("usage: layering.py ROOT", file=sys.stderr)
        return 64
    found = list(breaches(Path(sys.argv[1])))
    for path, line, text in found:
        print(f"{path}:{line}: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
