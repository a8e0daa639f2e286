"""Train digits in processes of their own that end as told; `test_interruptions.py` and `test_processes.py` run this.

Each process is a fork of this one, which has paid for the imports and computes nothing itself.
"""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import lightning_fabric  # noqa: F401  # training would load it, and PyTorch's compiler, in each child anew
import numpy as np
from sklearn.datasets import load_digits

from ganaug import augmenter
from ganaug.augmenter import GANAugmenter
from ganaug.errors import guard
from ganaug.gan import loop
from ganaug.gan.trainer import Trainer


def fit(checkpoints: Path | None, **parameters) -> GANAugmenter:
    images, labels = load_digits(return_X_y=True)
    settings = {"steps": 80, "width": 8, "batch_size": 16, "random_state": 0, "device": "cpu", "precision": "32-true"}
    found = GANAugmenter(**settings | parameters, checkpoint_dir=checkpoints)
    return found.fit((images[:60].reshape(-1, 8, 8) * 15.9).astype(np.uint8), labels[:60])


def fork(work: Callable[[], None], **environment: str) -> int:
    """Start ``work`` in a child; return its id."""
    child = os.fork()
    if child:
        return child
    os.environ.update(environment)
    try:
        guard(work)
        os._exit(0)
    except SystemExit as end:
        os._exit(end.code)
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)


def ended(child: int) -> int:
    """Wait for a child; return its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(folder: Path) -> dict:
    """Kill a run again and again, at random moments, until one gets through."""
    loop.SECONDS = 0.0

    def work() -> None:
        fit(folder / "checkpoints", steps=160).save(folder / "killed")

    began = time.monotonic()
    code = ended(fork(lambda: fit(folder / "other", steps=160).save(folder / "whole")))
    whole, moments, ends = time.monotonic() - began, random.Random(0), [code]
    for attempt in range(30):
        child = fork(work)
        if attempt < 8:
            time.sleep(whole * moments.uniform(0.02, 0.4))
            os.kill(child, signal.SIGKILL)
        ends.append(ended(child))
        if ends[-1] == 0:
            break
    return {"ends": ends}


def interrupted(folder: Path) -> dict:
    """Press Ctrl-C in a run that would not have saved its state for a long time."""
    train_step = Trainer.train_step

    def step(self: Trainer):
        if self.step == 33:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs without one
            os.kill(os.getpid(), signal.SIGINT)
        return train_step(self)

    Trainer.train_step = step
    code = ended(fork(lambda: fit(folder / "checkpoints").save(folder / "model")))
    Trainer.train_step = train_step
    return {"ends": [code, ended(fork(lambda: fit(folder / "checkpoints").save(folder / "model")))]}


def pair(work: Callable[[int], None], **environment: str) -> list[int]:
    """Let two processes do ``work(rank)`` in the environment that torchrun sets up; return their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0", "GROUP_WORLD_SIZE": "1", **environment,
    }  # fmt: skip
    ranks = [fork(functools.partial(work, rank), RANK=str(rank), LOCAL_RANK=str(rank), **shared) for rank in (0, 1)]
    return [ended(child) for child in ranks]


def dying(step: int, work: Callable[[], None]) -> None:
    """Do ``work`` in a process that is killed before it takes a step."""
    train_step = Trainer.train_step

    def last(self: Trainer):
        if self.step == step:
            time.sleep(0.5)  # the other one gets as far
            os.kill(os.getpid(), signal.SIGKILL)
        return train_step(self)

    Trainer.train_step = last
    work()


def together(folder: Path) -> dict:
    """Train alone, as two processes of torchrun, as two of `fabric run`, then let two share a batch of 15; kill two.

    Processes have folders of their own, as hosts without a common disk.

    The learning rate is low: in a wild training differences of a rounding grow.
    """

    def work(where: Path, **parameters) -> None:
        fit(where / "checkpoints", steps=34, objective="non_saturating", learning_rate=1e-3, **parameters).save(where)

    alone = ended(fork(lambda: work(folder / "alone")))
    torchrun = pair(lambda rank: work(folder / f"torchrun{rank}"))
    cli = {"LT_CLI_USED": "1", "LT_ACCELERATOR": "cpu", "LT_STRATEGY": "ddp", "LT_DEVICES": "2", "LT_NUM_NODES": "1"}
    fabric = pair(lambda rank: work(folder / f"fabric{rank}"), **cli)
    uneven = pair(lambda rank: work(folder / "uneven", batch_size=15))
    loop.SECONDS = 0.0
    killed = pair(lambda rank: dying(26, lambda: work(folder / f"killed{rank}")))
    resumed = pair(lambda rank: work(folder / f"killed{rank}"))
    others = []
    for penalty in ("lecam", "gradient_penalty"):  # the ones that remember and that draw by chance
        others.append(ended(fork(lambda p=penalty: work(folder / p, penalty=p))))
        others += pair(lambda rank, p=penalty: work(folder / f"{p}{rank}", penalty=p))
    return {"ends": [alone, *torchrun, *fabric, *uneven, *killed, *resumed, *others]}


def shared(folder: Path) -> dict:
    """Let one process, and two of torchrun, generate rows of the same model."""
    from ganaug.data.rows import Rows
    from ganaug.gan.fabric import make_fabric
    from ganaug.modalities.image.schema import image_schema
    from ganaug.synthesis.generate import write_candidates
    from ganaug.synthesis.select import Selection

    augmenter.TEACHER_STEPS = 20
    images, labels = load_digits(return_X_y=True)
    images, names = (images[:60].reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8), labels[:60].astype(str)
    schema = image_schema(8, 8, 1, tuple("0123456789"))
    model = ended(fork(lambda: GANAugmenter(steps=20, width=8, random_state=0).fit(images, names).save(folder / "m")))

    def work(where: str) -> None:
        make_fabric("cpu")
        found = GANAugmenter.load(folder / "m", "cpu")
        quotas = dict.fromkeys(schema.classes, 301)
        chosen = found.candidates(images, names, quotas, Selection(filters=()))
        write_candidates(
            chosen, Rows.build(schema, images, labels[:60]), quotas,
            model="", out=folder / f"{where}.parquet", report=folder / f"{where}.json", stage=where,
        )  # fmt: skip
        both, _ = found.augment(images, names, ratio=0.5, selection=Selection(filters=["copy"]))
        np.save(folder / f"{where}{os.environ.get('RANK', '')}.npy", both)

    alone = ended(fork(lambda: work("alone")))
    return {"ends": [model, alone, *pair(lambda rank: work("pair"))]}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
