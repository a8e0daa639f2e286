from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganaug.data.prepare import prepare
from ganaug.data.rows import read_rows
from ganaug.errors import DataError
from ganaug.modalities.image.arrays import content_ids
from ganaug.modalities.image.load import load
from ganaug.modalities.image.sources import open_source
from ganaug.modalities.rarity import rare_classes

PARTS = ("train", "validation", "test", "pool")


def run(folder: Path, source: str | Path, **options: Any) -> dict[str, Any]:
    return prepare(source, out=folder / "splits", report=folder / "reports" / "prepare.json", **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def image_folder(root: Path, n: int = 12) -> Path:
    """Digits as an image folder of three classes, without near duplicates."""
    source = open_source("digits")
    for i in range(n * 10):
        if source.labels[i] in "012":
            path = root / source.labels[i] / f"{i:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(source.pixels.read(i)[:, :, 0]).save(path)
    return root


@pytest.mark.slow
def test_benchmark_repeats_of_the_built_in_clothes(tmp_path: Path) -> None:
    report = run(tmp_path, "fashion_mnist_mini", repeats=[0, 1], per_class=20, validation=30)
    assert report["mode"] == "benchmark"
    rows = {d: {part: read_rows(tmp_path / f"splits/{d}/{part}.parquet") for part in PARTS} for d in range(2)}
    sizes = {part: len(rows[0][part]) for part in PARTS}
    assert sizes == {"train": 200, "validation": 300, "test": 2500, "pool": 2300}
    train = [set(rows[d]["train"].ids) for d in range(2)]
    assert len(train[0] | train[1]) == 400
    for part in ("validation", "test", "pool"):
        assert len({tuple(rows[d][part].ids) for d in range(2)}) == 1
        assert not set(rows[0][part].ids) & (train[0] | train[1])
    assert report["repeats"]["0"]["rows"]["train"] == dict.fromkeys(report["classes"], 20)
    assert report["repeats"]["0"]["unused"] == 200
    assert report["copies"]["near"]["rows"] == 0


def test_a_long_tail_on_purpose(tmp_path: Path) -> None:
    """For such rows `train_gan.generator` auto chooses translation, see tests/gan/test_translation.py."""
    report = run(tmp_path, "digits", per_class={"1": 2, "7": 3})
    rows = report["repeats"]["0"]["rows"]["train"]
    assert (rows["1"], rows["7"]) == (2, 3)
    assert [name for name, rare in zip(rows, rare_classes(np.array(list(rows.values()))), strict=True) if rare] == [
        "1",
        "7",
    ]
    assert min(n for name, n in rows.items() if name not in "17") > 90
    with pytest.raises(DataError, match="per_class names 'Bug', which is no class; the classes are 0, 1"):
        run(tmp_path, "digits", per_class={"Bug": 2})


@pytest.mark.parametrize("groups", ["apart", "shared", "cells"])
def test_what_stays_whole_of_groups(tmp_path: Path, groups: str) -> None:
    """Of two classes with rows of six sites each, and some of none."""
    images = np.random.default_rng(0).integers(0, 256, (80, 8, 8), np.uint8)
    sites = np.array([f"site {i % 6}" if i < 72 else "" for i in range(80)])
    np.savez(tmp_path / "rows.npz", X=images, y=np.arange(80) // 6 % 2, group=sites)
    report = run(tmp_path, tmp_path / "rows.npz", groups=groups, seed=3)
    assert report["groups"] == groups
    cells = report["repeats"]["0"]["cells"]
    assert (cells["empty"] > 0) == (groups == "cells")
    rows = {part: read_rows(tmp_path / f"splits/0/{part}.parquet") for part in ("train", "test")}
    assert sum(group is None for part in rows.values() for group in part.groups) > 0
    sites_of, cells_of = (
        {
            part: {(label if cells else 0, site) for label, site in zip(r.labels, r.groups, strict=True) if site}
            for part, r in rows.items()
        }
        for cells in (False, True)
    )
    shares = [bool(found["train"] & found["test"]) for found in (sites_of, cells_of)]
    assert shares == {"apart": [False, False], "shared": [True, True], "cells": [True, True]}[groups]
    lacking = cells_of["test"] - cells_of["train"]
    assert bool(lacking) == (groups != "shared")
    if groups == "cells":
        assert {site for _, site in lacking} <= {site for _, site in cells_of["train"]}


def test_the_stage_tells_how_full_the_cells_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], repository: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    sites = np.where(np.arange(60) % 4 < 3, "north", "south")  # class 1 has no row of south
    np.savez(tmp_path / "rows.npz", X=images, y=np.arange(60) % 2 * (sites == "north"), group=sites)
    (tmp_path / "params.yaml").write_text(
        "repeats: [0]\nprepare: {source: rows.npz, groups: shared, per_class: null}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["prepare"])
    runpy.run_path(str(repository / "pipelines/prepare.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert "Training rows of repeat 0: 2 groups; of 4 cells (a class in a group) 1 are empty" in said
    assert ": 1 in south (0)" in said


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    options = {"repeats": [0, 1], "per_class": 5}
    run(tmp_path / "a", "digits", **options)
    run(tmp_path / "b", "digits", **options)
    run(tmp_path / "c", "digits", seed=1, **options)
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert len(a) == 9
    assert a == b
    assert a["splits/0/train.parquet"] != c["splits/0/train.parquet"]


def test_the_place_and_order_of_files_do_not_matter(tmp_path: Path) -> None:
    one, two = image_folder(tmp_path / "one"), tmp_path / "elsewhere" / "two"
    for path in sorted(one.rglob("*.png"), reverse=True):
        target = two / path.relative_to(one)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    run(tmp_path / "a", one)
    run(tmp_path / "b", two)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.slow
def test_old_repeats_do_not_stay(tmp_path: Path) -> None:
    run(tmp_path, "digits", repeats=[0, 1, 2])
    run(tmp_path, "digits", repeats=[1])
    assert [path.name for path in (tmp_path / "splits").iterdir()] == ["1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reports", "splits"]


def test_a_failure_leaves_the_old_splits(tmp_path: Path) -> None:
    run(tmp_path, "digits")
    before = contents(tmp_path)
    with pytest.raises(DataError):
        run(tmp_path, "digits", validation=10_000)
    assert contents(tmp_path) == before


def test_other_peoples_folders_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "thesis.tex").write_text("x")
    with pytest.raises(DataError, match="not written by ganaug"):
        run(tmp_path, "digits")
    assert (tmp_path / "splits" / "thesis.tex").exists()


def test_copies_share_a_split_and_contested_ones_are_kept_out(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "images")
    original = sorted((root / "0").iterdir())[0]
    for i in range(4):
        (root / "0" / f"copy{i}.png").write_bytes(original.read_bytes())
    toned = np.asarray(Image.open(original)) // 2 + 20
    Image.fromarray(toned).save(root / "0" / "toned.png")
    contested = sorted((root / "1").iterdir())[0]
    (root / "2" / "other.png").write_bytes(contested.read_bytes())
    report = run(tmp_path, root, repeats=range(5))
    assert report["copies"]["exact"]["clusters"] == 2
    cluster = [f"0/{original.name}", *(f"0/copy{i}.png" for i in range(4)), "0/toned.png"]
    assert cluster in report["copies"]["near"]["names"]
    assert report["contested"] == {"rows": 2, "names": [f"1/{contested.name}", "2/other.png"]}
    loaded = load(root)
    ids = content_ids(loaded.samples)
    names = loaded.names.tolist()
    together = {ids[names.index(name)] for name in cluster}
    gone = ids[names.index("2/other.png")]
    for repeat in range(5):
        homes = []
        for part in PARTS:
            found = set(read_rows(tmp_path / f"splits/{repeat}/{part}.parquet").ids)
            assert gone not in found
            homes += [part] if found & together else []
        assert len(homes) == 1


def test_near_duplicates_may_be_allowed(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "images")
    original = sorted((root / "0").iterdir())[0]
    Image.fromarray(np.asarray(Image.open(original)) // 2 + 20).save(root / "0" / "toned.png")
    found = run(tmp_path, root)
    assert (found["copies"]["near"]["rows"], found["near_duplicates"]) == (2, True)
    found = run(tmp_path, root, near_duplicates=False)
    assert (found["copies"]["near"]["rows"], found["near_duplicates"]) == (0, False)


def test_groups_and_given_splits_of_a_manifest(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "images", n=30)
    lines = ["path,label,group,split"]
    for k in "012":
        files = sorted((root / k).iterdir())
        lines += [
            f"images/{k}/{f.name},digit {k},{k}-{i // 3},{'test' if i < 6 else 'train'}" for i, f in enumerate(files)
        ]
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    report = run(tmp_path, tmp_path / "manifest.csv", repeats=[0, 1])
    assert report["classes"] == ["digit 0", "digit 1", "digit 2"]
    for repeat in (0, 1):
        groups = [set(read_rows(tmp_path / f"splits/{repeat}/{part}.parquet").groups) for part in PARTS]
        assert groups[2] == {f"{k}-{i}" for k in range(3) for i in (0, 1)}
        assert sum(map(len, groups)) == len(set.union(*groups))


def test_the_report_says_what_was_set_aside(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "images")
    (root / "0" / "broken \n.png").write_bytes(b"no")
    (root / "0" / "notes.txt").write_text("hello")
    Image.new("L", (30, 20), 77).save(root / "1" / "large.png")
    run(tmp_path, root, max_unreadable=0.1)
    report = json.loads((tmp_path / "reports" / "prepare.json").read_text())
    assert report["rejected"] == [
        {"name": "0/broken \n.png", "reason": "not an image in one of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, PPM"}
    ]
    assert report["skipped"] == [{"name": "0/notes.txt", "reason": ".txt is no image format"}]
    assert (report["shape"], report["resized"]) == ([8, 8, 1], 1)
    assert "aspect ratio" in report["size_rule"]
    assert str(tmp_path) not in json.dumps(report)


@pytest.mark.slow
def test_preparing_imports_no_torch() -> None:
    modules = ("data.prepare", "data.merge", "modalities.image.exports", "modalities.table.modality")
    names = ", ".join(f"ganaug.{module}" for module in modules)
    code = f"import sys, {names}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_images_in_a_file_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are there where they are too many for memory."""
    idx = tmp_path / "idx"
    idx.mkdir()
    digits = open_source("digits")
    for part, rows in (("train", slice(0, 200)), ("t10k", slice(200, 260))):
        images = np.stack([digits.pixels.read(i)[:, :, 0] for i in range(260)[rows]])
        codes = np.array(digits.labels[rows]).astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", codes)):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (idx / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    run(tmp_path / "memory", idx, per_class=5)
    monkeypatch.setattr("ganaug.utils.samples.IN_MEMORY", 0)
    for module in ("load", "arrays"):
        monkeypatch.setattr(f"ganaug.modalities.image.{module}.AT_ONCE", 16)
    run(tmp_path / "file", idx, per_class=5)
    assert contents(tmp_path / "file") == contents(tmp_path / "memory")
