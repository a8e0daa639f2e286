"""How good are the samples, and do they help? GANAugmenter's defaults on Fashion-MNIST, several draws for each N.

    python benchmarks/quality.py FOLDER [--rows 10 20 50 100] [--draws 5] [--log quality.jsonl]

FOLDER holds the four idx files. Training draws are disjoint, the test set is the full 10,000. Every run is appended to
the log and not repeated, so an interrupted benchmark goes on; at the end it prints the table. Hit: share of unfiltered
samples that a judge, trained on all 60,000 rows, takes for their class. Coverage and density (Naeem et al., arXiv
2002.09797) are on the judge's features, 2,000 against 2,000 rows. Nearest: median distance of a sample to its closest
training row, over that of other real rows to theirs (1: no closer than real rows are; near 0: copies).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from prdc import compute_prdc
from safetensors.torch import load_file, save_file

from ganaug import GANAugmenter
from ganaug.data.sources.idx import read_idx_pair
from ganaug.evaluation.statistics import paired_difference
from ganaug.modalities.image.classical import ClassicalAugment
from ganaug.modalities.image.classifier import SmallCNN, predict_proba, train_classifier
from ganaug.synthesis.score import nearest

SYNTHETIC = 200  # rows a class
STEPS = 400  # of every classifier
NON_GAN, GAN = ("real", "classical"), ("gan", "classical_gan")

Images = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", nargs="+", type=int, default=[10, 20, 50, 100])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--log", type=Path, default=Path("quality.jsonl"))
    parser.add_argument("--set", nargs="*", default=[], help="GANAugmenter parameters, name=value as JSON")
    arguments = parser.parse_args()
    options = {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in arguments.set)}
    done = [json.loads(line) for line in arguments.log.read_text().splitlines()] if arguments.log.exists() else []
    images, labels = _rows(arguments.folder, "train")
    test = _rows(arguments.folder, "t10k")
    judge = _judge(images, labels, arguments.log.with_suffix(".judge.safetensors"))
    for count in arguments.rows:
        for draw, (rows, others) in enumerate(_draws(labels, count, arguments.draws)):
            if any((r["rows"], r["draw"], r["options"]) == (count, draw, options) for r in done):
                continue
            result = one_draw(images[rows], labels[rows], images[others], test, judge, draw, options)
            done.append({"rows": count, "draw": draw, "options": options, **result})
            with arguments.log.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
            print(done[-1], flush=True)
    print(table([r for r in done if r["options"] == options]))


def one_draw(
    images: Images,
    labels: NDArray[np.int64],
    others: Images,
    test: tuple[Images, NDArray[np.int64]],
    judge: SmallCNN,
    draw: int,
    options: dict[str, Any],
) -> dict[str, float]:
    """Fit, sample, judge, and train the arms of one draw; ``others`` are 4,000 real rows that nothing has seen."""
    began = time.perf_counter()
    augmenter = GANAugmenter(random_state=draw, verbose=f"draw {draw}", **options).fit(images, labels)
    seconds = time.perf_counter() - began
    fakes, wanted = augmenter.sample(per_class=SYNTHETIC)
    half = len(others) // 2
    floor = compute_prdc(_features(judge, others[:half]), _features(judge, others[half:]), 5)
    found = compute_prdc(_features(judge, others[:half]), _features(judge, fakes), 5)
    result = {
        "seconds": seconds,
        "hit": _accuracy(judge, fakes, wanted),
        "hit_real": _accuracy(judge, images, labels),
        "coverage": float(found["coverage"]),
        "coverage_floor": float(floor["coverage"]),
        "density": float(found["density"]),
        "density_floor": float(floor["density"]),
        "nearest": float(np.median(nearest(fakes, images)[0]) / np.median(nearest(others[:half], images)[0])),
    }
    kept, kept_labels = augmenter.augment(images, labels, ratio=SYNTHETIC * 10 / len(labels))
    arms = {
        "real": (images, labels, False),
        "classical": (images, labels, True),
        "gan": (kept, kept_labels, False),
        "classical_gan": (kept, kept_labels, True),
        "synthetic": (fakes, wanted, False),
    }
    for name, (rows, codes, classical) in arms.items():
        model = train_classifier(
            rows,
            codes,
            10,
            steps=STEPS,
            augment=ClassicalAugment() if classical else None,
            real=np.arange(len(rows)) < len(images) if name in GAN else None,
            real_share=0.5 if name in GAN else None,
            seed=draw,
        )
        result[name] = _accuracy(model, *test)
    return result


def table(results: list[dict[str, Any]]) -> str:
    """Lay out the means over draws as Markdown; the gain is the best GAN arm's over the best other arm, paired."""
    columns = ("hit", "hit_real", "coverage", "coverage_floor", "density", "density_floor", "nearest")
    columns += (*NON_GAN, *GAN, "synthetic", "seconds")
    lines = [
        f"| rows a class | draws | {' | '.join(columns)} | gain [95 %] |",
        "|" + "---|" * (len(columns) + 3),
    ]
    for count in sorted({r["rows"] for r in results}):
        runs = [r for r in results if r["rows"] == count]
        means = {name: float(np.mean([r[name] for r in runs])) for name in columns}
        best, rival = (max(names, key=lambda name: means[name]) for names in (GAN, NON_GAN))
        gain = paired_difference([r[best] for r in runs], [r[rival] for r in runs])
        shown = " | ".join(f"{means[name]:.3f}" if name != "seconds" else f"{means[name]:.0f}" for name in columns)
        interval = "" if gain.low is None or gain.high is None else f" [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"
        lines.append(f"| {count} | {len(runs)} | {shown} | {best} - {rival}: {100 * gain.mean:+.1f}{interval} |")
    return "\n".join(lines)


def _rows(folder: Path, name: str) -> tuple[Images, NDArray[np.int64]]:
    images, labels = read_idx_pair(folder, name)
    return np.ascontiguousarray(images)[..., None], labels.astype(np.int64)


def _draws(labels: NDArray[np.int64], count: int, draws: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    generator = np.random.default_rng(0)
    orders = [generator.permutation(np.flatnonzero(labels == code)) for code in range(10)]
    others = generator.permutation(np.concatenate([order[-400:] for order in orders]))
    return [(np.concatenate([o[draw * count : (draw + 1) * count] for o in orders]), others) for draw in range(draws)]


def _judge(images: Images, labels: NDArray[np.int64], path: Path) -> SmallCNN:
    judge = SmallCNN(images.shape[1:], 10)
    if not path.exists():
        save_file(train_classifier(images, labels, 10, steps=4000, batch_size=128, seed=0).state_dict(), path)
    judge.load_state_dict(load_file(path))
    return judge.eval()


def _accuracy(model: SmallCNN, images: Images, labels: NDArray[np.int64]) -> float:
    return float((predict_proba(model, images).argmax(1) == labels).mean())


@torch.no_grad()
def _features(judge: SmallCNN, images: Images) -> NDArray[np.float32]:
    parts = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1).split(500)
    return torch.cat([judge.features(part) for part in parts]).numpy()


if __name__ == "__main__":
    main()
