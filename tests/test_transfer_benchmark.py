"""benchmarks/transfer.py: nothing tested is trained on, every arm is tuned alike, and a small run gives all tables."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import glyphs
import transfer
import transfer_fit
import transfer_tasks
from transfer_tasks import Task, accuracies, draw, held_out

from ganaug.modalities import embedding


@pytest.fixture(scope="module")
def drawings(tmp_path_factory) -> Path:
    """Random "icons": 12 names, half of them of the lab, in 8 sets."""
    folder, rng = tmp_path_factory.mktemp("drawings"), np.random.default_rng(0)
    y, group = np.repeat(np.arange(12), 32), np.tile(np.arange(8), 48)
    images = rng.integers(0, 256, (384, 28, 28), np.uint8) // 4 + (15 * y[:, None, None]).astype(np.uint8)
    np.savez(folder / "icons.npz", X=images, y=y, group=group, row=np.arange(384))
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for module in (transfer, transfer_tasks):
        for name, value in {"REPORT_NAMES": 6, "RARE": {"icons": 2}, "DRAWN": 8, "KEPT": 4, "REAL": (3,)}.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(embedding, "ITERATIONS", 2)


def test_drawn_fonts_are_what_tasks_are_made_of(tmp_path):
    fonts = Path(pytest.importorskip("matplotlib").get_data_path(), "fonts/ttf")
    (tmp_path / "x").mkdir()
    for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "cmr10", "STIXGeneral", "STIXGeneralBol"):
        shutil.copy(fonts / f"{name}.ttf", tmp_path / "x")
    glyphs.render(tmp_path)
    parts = [transfer_tasks.load(tmp_path, "glyphs", lab) for lab in (False, True)]
    assert sum(len(np.unique(part["row"])) for part in parts) == 6  # each font of one part, with all its characters
    for part in parts:
        assert np.bincount(part["y"]).tolist() == [len(np.unique(part["row"]))] * 36
        assert part["X"].shape[1:] == (28, 28)
    assert not set(parts[0]["group"]) & set(parts[1]["group"])


def test_no_group_is_trained_on_and_tested(drawings):
    data = transfer_tasks.load(drawings, "icons", lab=False)
    where = {image.tobytes(): group for image, group in zip(data["X"], data["group"], strict=True)}
    task = draw(drawings, "icons", 1, 3, lab=False)
    tested = {where[image.tobytes()] for image in task.test_images}
    assert not tested & set(task.groups.tolist())
    assert np.bincount(task.labels)[task.rare].tolist() == [1, 1]
    assert np.bincount(task.labels)[task.common].min() > 10


def test_tasks_differ_by_repeat_and_more_rows_change_nothing_else(drawings):
    first, again, other = (draw(drawings, "icons", 1, repeat, lab=False) for repeat in (0, 0, 1))
    more = draw(drawings, "icons", 1, 0, lab=False, more=3)
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.test_images, other.test_images)
    assert np.array_equal(first.test_images, more.test_images)
    assert np.array_equal(first.rare, more.rare)
    assert np.bincount(more.labels)[more.rare].tolist() == [3, 3]


def test_the_task_to_tune_on_is_made_of_training_rows_alone(drawings):
    task = draw(drawings, "icons", 1, 0, lab=False)
    tuning = held_out(task, 1, 5)
    given = {image.tobytes() for image in task.images}
    trained, tested = ({image.tobytes() for image in images} for images in (tuning.images, tuning.test_images))
    assert trained | tested <= given
    assert not trained & tested
    assert (np.bincount(tuning.labels)[tuning.rare] == 1).all()
    assert set(np.unique(tuning.test_labels)) <= set(np.flatnonzero(task.common))
    assert (tuning.scored_rare & task.rare).sum() == 0


def test_balanced_accuracy_counts_every_class_alike():
    labels = np.array([0, 0, 0, 1, 2])
    rare = np.array([False, False, True])
    task = Task(
        np.zeros((0, 2, 2)), labels[:0], labels[:0], labels[:0], np.zeros((5, 2, 2)), labels, 3, rare, rare, 1 / 3
    )
    assert accuracies(task, np.array([0, 0, 1, 1, 0])) == pytest.approx((0.0, 5 / 6, 5 / 9))


@pytest.mark.slow
def test_a_small_run_goes_on_where_it_stopped_and_shows_its_tables(drawings, tmp_path, monkeypatch, capsys):
    log = tmp_path / "log.jsonl"
    common = ["--folder", str(drawings), "--data", "icons", "--shots", "1", "--steps", "3", "--gan-steps", "2"]
    common += ["--device", "cpu"]
    monkeypatch.setattr(transfer, "DESIGNS", {"base": {"width": 8, "batch_size": 8, "grouped": True}})
    arms = ("light", "mixup", "light + versions", "light + chosen versions", "light + latent")
    monkeypatch.setattr(transfer, "EVERY_ARM", arms)
    monkeypatch.setattr(transfer, "SHARES", (0.5,))

    def run(*more: str) -> list[dict]:
        monkeypatch.setattr(sys, "argv", ["transfer.py", str(log), *common, *more])
        transfer.main()
        return [json.loads(line) for line in log.read_text().splitlines()]

    run("--lab", "--repeats", "1")
    found = run("--repeats", "1")
    assert [r["lab"] for r in found] == [True, False]
    assert run("--repeats", "1") == found  # nothing to do
    tuned = {name for name, arm in found[1]["arms"].items() if "tuned" in arm}
    assert set(found[1]["arms"]) - tuned == {"light + latent"}
    assert {*arms[:4], "prototypes", "logistic on versions", "light + versions + prototypes of versions"} <= tuned
    shown = capsys.readouterr().out
    assert "best with versions - best without" in shown
    assert "prototypes of versions" in shown


def test_a_classifier_learns_and_versions_stand_in_for_rare_rows():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = (rng.integers(0, 60, (40, 28, 28)) + 150 * labels[:, None, None]).astype(np.uint8)
    rows = transfer_fit.Rows(images, labels)
    device = transfer.torch.device("cpu")
    made = transfer_fit.Rows(255 - images[:4], np.ones(4, np.int64))
    training = transfer_fit.Training(rows, 2, transfer.Recipe(), None, 0.0, 30, 16, 0, device)
    network = training.run()
    assert (transfer_fit.asked(network, images, device).argmax(1).numpy() == labels).mean() > 0.9
    swapped = transfer_fit.Training(rows, 2, transfer.Recipe(strength=0.0), made, 1.0, 30, 64, 0, device)
    batch, drawn = swapped._draw()
    known = {image.tobytes() for image in made.images}
    back = ((batch[:, 0] + 1) * 127.5).round().to(transfer.torch.uint8).numpy()
    assert all((image.tobytes() in known) == bool(label) for image, label in zip(back, drawn, strict=True))
