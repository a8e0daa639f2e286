"""Icons of many sets, from npm: classes are names that many sets have, groups are the sets, 28 x 28 gray.

    python -m benchmarks.icons [--folder transfer-data]

downloads ``@iconify/json`` by ``npm pack`` and draws the names that most permissively licensed one-colour sets have, by
``resvg-py`` from PyPI, into ``icons.npz``: X (n, 28, 28) uint8, y (n,) the rank of the name, group (n,) the set, row
(n,), names.
Nothing of it is part of ganaug; the sets' licences stay with them.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28
NAMES = 120  # the first half is for the report, the second for the lab
FAINT = 60  # brightest pixel of an icon that counts as blank
PERMISSIVE = {
    "MIT", "Apache-2.0", "ISC", "CC0-1.0", "OFL-1.1", "CC-BY-4.0", "CC-BY-3.0", "BSD-3-Clause", "0BSD", "Unlicense",
    "MPL-2.0",
}  # fmt: skip
SAME = 2.0  # mean absolute difference of two icons of a name below which one is a copy of the other, levels of 255


def fetch(folder: Path) -> None:
    """Download and unpack the package, if it is not there yet."""
    if (folder / "package").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(
        ["npm", "pack", "--silent", "@iconify/json"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()
    subprocess.run(["tar", "xzf", archive], cwd=folder, check=True)


def drawings(folder: Path) -> dict[str, dict[str, str]]:
    """Return the icons as SVG, by name and set."""
    sets = json.loads((folder / "package" / "collections.json").read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted((folder / "package" / "json").glob("*.json")):
        about = sets.get(path.stem, {})
        if about.get("palette") is not False or about["license"].get("spdx") not in PERMISSIVE:
            continue
        data = json.loads(path.read_text(encoding="utf-8"))
        for name, icon in data["icons"].items():
            found[name][path.stem] = _svg(icon, data)
    return found


def _svg(icon: dict[str, Any], data: dict[str, Any]) -> str:
    box = [icon.get(key, data.get(key, default)) for key, default in (("left", 0), ("top", 0))]
    box += [icon.get(key, data.get(key, 16)) for key in ("width", "height")]
    body = icon["body"].replace("currentColor", "#fff")
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{" ".join(map(str, box))}">{body}</svg>'


def draw(svg: str) -> NDArray[np.uint8]:
    """Return the opacity of an icon, (28, 28)."""
    import resvg_py  # type: ignore[import-not-found]

    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=2 * SIDE, height=2 * SIDE, skip_system_fonts=True))
    opacity = Image.open(io.BytesIO(png)).convert("RGBA").getchannel("A")
    return np.asarray(opacity.resize((SIDE, SIDE), Image.Resampling.BOX))


def render(folder: Path) -> Path:
    """Draw the icons of the commonest names, without copies, and write ``icons.npz``."""
    by_name = drawings(folder)
    names = sorted(by_name, key=lambda name: (-len(by_name[name]), name))[:NAMES]
    X, y, group = [], [], []  # noqa: N806
    for code, name in enumerate(names):
        seen: list[NDArray[np.float32]] = []
        for kit, svg in sorted(by_name[name].items()):
            try:
                image = draw(svg)
            except (ValueError, OSError):
                continue
            flat = image.astype(np.float32).ravel()
            if image.max() < FAINT or any(np.abs(flat - other).mean() < SAME for other in seen):
                continue
            seen.append(flat)
            X.append(image)
            y.append(code)
            group.append(kit)
    out = folder / "icons.npz"
    sets = np.unique(group, return_inverse=True)[1]
    np.savez_compressed(out, X=np.array(X), y=np.array(y), group=sets, row=np.arange(len(X)), names=np.array(names))
    print(f"{len(X)} icons of {len(set(group))} sets; {np.bincount(y).min()} to {np.bincount(y).max()} of a name")
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("transfer-data"))
    folder = parser.parse_args().folder
    fetch(folder)
    render(folder)
