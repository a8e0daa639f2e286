"""What are generated drum hits worth, beside what people do today?

Usage: OMP_NUM_THREADS=1 python benchmarks/sounds.py KITS LOG.jsonl [--repeats 10] [--workers 2] [--report] [--develop]

KITS is the folder ``usr/share/hydrogen/data/drumkits`` of the Debian package hydrogen-drumkits (`apt-get download
hydrogen-drumkits && dpkg -x hydrogen-drumkits*.deb DIR`), under several licences, for this benchmark only. A run goes
on from LOG.jsonl; --report only prints what it holds. A repeat takes some minutes of processor time.

Fixed before anything was looked at: a hit is of a class where its file's name says so (kick, snare, hat, cymbal, tom).
Half a second, mono, 16,000 values a second, evened out: the defaults of prepare but for the length. Half of the kits
are for tests, the same in all repeats; from the others a repeat draws 10 hits of each class to train on, and 5 to
validate. Arms, settings, classifier, selection and contrasts are those of ``signals.py``, with SpecAugment for
over-sampling along warped paths. Intervals take test hits for independent; those of one kit are not, so they hold for
these kits.

``--develop`` splits the other half of the kits once more, so that something can be tried in which the test kits have no
part.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from jobs import Result, run_all
from numpy.typing import NDArray
from signals import ARMS, ROWS, VALIDATED, Arm, measured, show

from ganaug.modalities import modality_named
from ganaug.modalities.loaded import Loaded
from ganaug.modalities.training import RATES, Setting

CLASSES = {
    "kick": r"kick|(^|[^a-z])bd|bass ?drum",
    "snare": r"snare|(^|[^a-z])sd[^a-z]|(^|[_-])sn",
    "hat": r"hat|(^|[^a-z])hh|chh|ohh",
    "cymbal": r"crash|ride|cymb|splash|china",
    "tom": r"(^|[^a-z])tom",
}
OTHERS = r"clap"
SUFFIXES = (".wav", ".flac", ".aiff")
LEAST = 3  # test hits of each class
ARMS_OF_SOUNDS: dict[str, Arm] = {
    name: arm for name, arm in ARMS.items() if name in ("real", "classical", "mixup", "random_over")
} | {
    "spec_augment": ("real", (Setting(method="spec_augment"), Setting(RATES[1], method="spec_augment"))),
    **{name: ARMS[name] for name in ("gan", "classical_gan", "synthetic")},
}


@cache
def load(folder: str) -> Loaded:
    """Read the hits whose names say what they are; a hit's group is its kit."""
    rows = []
    for path in sorted(Path(folder).resolve().glob("*/*")):
        name = path.stem.lower()
        told = [label for label, pattern in CLASSES.items() if re.search(pattern, name)]
        if path.suffix.lower() in SUFFIXES and len(told) == 1 and not re.search(OTHERS, name):
            rows.append((str(path), told[0], path.parent.name))
    with tempfile.TemporaryDirectory() as scratch:
        manifest = Path(scratch, "hits.csv")
        pd.DataFrame(rows, columns=["path", "label", "group"]).to_csv(manifest, index=False)
        return modality_named("sound").load(manifest, {"seconds": 0.5})


def halves(loaded: Loaded, kits: NDArray[np.object_], trained: int) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return two halves of some kits, the first with hits enough of each class: `LEAST`, and so many to train on."""
    for seed in range(1000):
        order = np.random.default_rng(seed).permutation(kits)
        found = order[: len(kits) // 2], order[len(kits) // 2 :]
        counts = [np.bincount(loaded.labels[np.isin(loaded.groups, half)], minlength=len(CLASSES)) for half in found]
        if counts[0].min() >= LEAST and counts[1].min() >= trained:
            return found
    raise SystemExit("these kits cannot be split")


def split(loaded: Loaded, repeat: int, develop: bool) -> tuple[dict[str, NDArray[np.int64]], float]:
    """Return positions of training, validation and test hits, and the share of training hits that repeats share."""
    tested, others = halves(loaded, np.unique(loaded.groups.astype(str)), ROWS + VALIDATED)
    if develop:
        tested, others = halves(loaded, others, ROWS - 2)
    drawn, common = np.random.default_rng([2000, repeat]), 0.0
    found: dict[str, list[int]] = defaultdict(list)
    found["test"] = np.flatnonzero(np.isin(loaded.groups, tested)).tolist()
    for code in range(len(loaded.classes)):
        pool = drawn.permutation(np.flatnonzero((loaded.labels == code) & np.isin(loaded.groups, others)))
        wanted = min(ROWS, 2 * len(pool) // 3)
        found["train"] += pool[:wanted].tolist()
        found["validation"] += pool[wanted : wanted + VALIDATED].tolist()
        common = max(common, wanted / len(pool))
    return {part: np.array(at, np.int64) for part, at in found.items()}, common


def measure(folder: str, name: str, repeat: int, steps: int | str) -> Result:
    loaded = load(folder)
    parts = split(loaded, repeat, name != "drums")[0]
    return measured(modality_named("sound"), loaded, parts, ARMS_OF_SOUNDS, repeat, steps=steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("log", type=Path)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="print what the log holds")
    parser.add_argument("--develop", action="store_true", help="leave the test kits alone")
    parser.add_argument("--steps", type=int, default=None, help="of the GAN, when developing")
    arguments = parser.parse_args()
    name = f"developing, {arguments.steps or 'auto'} steps" if arguments.develop else "drums"
    steps = arguments.steps if arguments.develop and arguments.steps else "auto"
    jobs = [
        ({"data": name, "repeat": repeat}, (arguments.folder, name, repeat, steps))
        for repeat in range(arguments.repeats)
    ]
    if not arguments.report:
        run_all(measure, jobs, arguments.log, arguments.workers)
    results = [json.loads(line) for line in arguments.log.read_text().splitlines()]
    loaded, sets = load(arguments.folder), {}
    for name in dict.fromkeys(r["data"] for r in results):
        parts, common = split(loaded, 0, name != "drums")
        sets[name] = loaded.labels[parts["test"]], common
    show(sets, results, ARMS_OF_SOUNDS)


if __name__ == "__main__":
    main()
