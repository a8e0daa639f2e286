"""A short version of the benchmarks, each figure beside the one that RESULTS.md has.

    python -m benchmarks [speed contention verdict oversampling decoding quality]

Ratios and accuracies compare across machines, rates do not. A short version errs more than what is recorded: it says
whether something broke, and is no measurement to publish. Minutes, most of them for quality and speed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Short(NamedTuple):
    """A short run of a script, and what it prints: name -> (pattern with one group, the recorded figure)."""

    arguments: str
    figures: dict[str, tuple[str, str]]


SHORT = {
    "speed": Short("speed.py --steps 8 --repeats 3 --rows 4000", {
        "trainer, of the rate of a bare loop": (r"^trainer against a bare loop: .* ratio ([\d.]+)", "0.96"),
        "sampling, of the rate of the bare generator": (r"^sampling against .* ratio ([\d.]+)", "0.94"),
        "the same with PNG and Parquet": (r"^sampling, PNG and Parquet .* ratio ([\d.]+)", "0.61"),
    }),
    "contention": Short("contention.py --turns 1", {
        "one GAN beside a busy process, times as long": (r"\| trainer, one GAN \|.*\| ([\d.]+) \|", "1.1"),
        "classifiers of images beside it": (r"\| evaluation, images \|.*\| ([\d.]+) \|", "1.4"),
    }),
    "verdict": Short("verdict.py --rounds 20", {
        "equal classifiers called better, 2,500 rows": (r"\| 2,500 rows, 18 .*\| ([\d.]+) %, [\d.]+ % \|", "0.0"),
        "two points found, 10,000 rows": (r"\| 10,000 rows, .*\| (\d+) %, \d+ \|", "100"),
    }),
    "oversampling": Short("oversampling.py wine --repeats 3", {
        "wine, the GAN's balanced accuracy, LR": (r"\| wine \| LogisticRegression \| GAN \| ([\d.]+)", "0.982"),
        "wine, as it comes, LR": (r"\| wine \| LogisticRegression \| none \| ([\d.]+)", "0.982"),
    }),
    "decoding": Short("decoding.py pipelines/smoke.yaml", {
        "decodings of a sample by evaluate, at most": (r"^evaluate --repeat 0 +[\d.]+ s +decoded[^m]+most +(\d+)", "1"),
    }),
    "quality": Short("quality.py digits --rows 10 --repeats 1", {
        "digits, share of samples of their class": (r"^\| digits \| 10 \| 1 \| ([\d.]+)", "1.000"),
    }),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(SHORT), metavar="NAME", choices=[*SHORT, []])
    print("| figure | now | recorded |\n|---|---|---|")
    failed = [name for name in parser.parse_args().names or SHORT if not show(SHORT[name])]
    if failed:
        sys.exit(f"Did not run to its end: {', '.join(failed)}.")


def show(short: Short) -> bool:
    """Run it, print a line for each figure, and tell whether it ran to its end and printed them all."""
    script, *arguments = short.arguments.split()
    arguments = [str(Path(word).resolve()) if word.startswith("pipelines/") else word for word in arguments]
    with tempfile.TemporaryDirectory() as folder:  # where some leave their logs
        done = subprocess.run(
            [sys.executable, FOLDER / script, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    found = {name: re.search(pattern, done.stdout, re.MULTILINE) for name, (pattern, _) in short.figures.items()}
    for name, match in found.items():
        print(f"| {name} | {match[1] if match else 'not printed'} | {short.figures[name][1]} |", flush=True)
    return done.returncode == 0 and all(found.values())


if __name__ == "__main__":
    main()
