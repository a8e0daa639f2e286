"""The page of a run with a rare class and groups: rare classes first, what rows were made of, accuracy by group."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fabricated import HOSTILE, REPEATS, SITES, finish_run
from markupsafe import escape

from ganaug.config import Params
from ganaug.data.rows import read_table
from ganaug.evaluation.downstream.arms import result_path
from ganaug.metrics.thresholds import SHOWN
from ganaug.report.build import build_report
from ganaug.utils.files import read_json, write_json

ARMS = ("real", "classical", "classical_gan", "shuffled")
PARAMS = Params(repeats=REPEATS, evaluate={"arms": ARMS, "classifiers": ["small_cnn"]})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    finish_run(folder, long_tail=True)
    return folder


@pytest.fixture(scope="module")
def summary(finished: Path) -> dict[str, Any]:
    return build_report(PARAMS, finished)


@pytest.fixture(scope="module")
def page(finished: Path, summary: dict[str, Any]) -> str:
    return (finished / "reports/report.html").read_text(encoding="utf-8")


def section(page: str, name: str) -> str:
    return re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)[0]  # type: ignore[index]


def rows(html: str) -> list[list[str]]:
    """The cells of every row of the tables, without tags."""
    found = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[re.sub("<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in found]


@pytest.mark.slow
def test_rare_classes_come_first_with_accuracies_before_and_after(page: str, summary: dict[str, Any]) -> None:
    assert re.findall(r'<section id="(\w+)">', page)[:3] == ["rare", "cells", "classes"]
    of_class = next(each for each in summary["per_class"] if each["class"] == HOSTILE)
    numbers = [f"{100 * of_class[arm]:.1f}" for arm in ("reference", "candidate")]
    head, row = rows(section(page, "rare"))
    assert head[2:4] == [f"{summary['reference']}, %", f"{summary['candidate']}, %"]
    assert row[:4] == [str(escape(HOSTILE)), "3", *numbers]
    assert row[4].startswith(f"{100 * of_class['difference']:+.1f} [")
    recall = rows(section(page, "recall"))
    assert [row[:2] for row in recall[:3]] == [
        ["class", "training rows"],
        [str(escape(HOSTILE)), "3"],
        ["digit 1", "30"],
    ]


@pytest.mark.slow
def test_versions_stand_between_their_contents_and_rows_of_other_groups(finished: Path, page: str) -> None:
    rare = section(page, "rare")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", rare)[2:]
    made = read_table(finished / "data/synthetic/0.parquet", ["label", "kept", "version_of"])
    of_class = made[(made["label"] == 0) & made["kept"]]
    contents = read_table(finished / "data/splits/0/train.parquet", ["label", "id"]).query("label == 0")["id"]
    assert len(contents) == 3
    kept = [int((of_class["version_of"] == each).sum()) for each in contents]
    assert 0 < sum(kept) == len(of_class)
    expected = [f"A real training row, then synthetic versions of it ({n} kept)" for n in kept]
    assert captions == [*expected, "Real, test"]
    assert rare.count("<img") == 4

    def digits(part: str) -> Any:
        found = read_table(finished / f"data/splits/0/{part}.parquet", ["label", "group"])
        return found[found["label"] == 0]

    train, test = digits("train"), digits("test")
    other = ~test["group"].isin(train["group"])
    assert 0 < other.sum() < len(test)
    from ganaug.report.rare import _others
    from ganaug.report.run import read_run

    run = read_run(
        REPEATS[:1],
        *(finished / f"{name}" for name in ("data/splits", "data/synthetic", "models/gan", "reports/generate")),
        finished / "eval/fidelity",
        finished / "reports/prepare.json",
    )
    assert _others(run.repeats[0], 0).tolist() == [*test.index[other], *test.index[~other]]


@pytest.mark.slow
def test_the_trade_of_rare_for_common_classes_is_a_curve_for_either_arm(
    finished: Path, page: str, summary: dict[str, Any]
) -> None:
    rare = section(page, "rare")
    label = re.search(r'aria-label="(With the thresholds[^"]*)"', rare)[1]  # type: ignore[index]
    for arm in (summary["reference"], summary["candidate"]):
        files = [result_path(finished / "eval", arm, repeat, "small_cnn") for repeat in REPEATS]
        found = [read_json(path)["test"] for path in files]
        recalls = np.array([[cell["recall"] for cell in each["per_class"].values()] for each in found])
        assert f"{arm} {100 * recalls[:, 0].mean():.1f} % of rare and {100 * recalls[:, 1:].mean():.1f} % of" in label
    assert rare.count('class="curve"') == 2 * (len(SHOWN) - 1)


@pytest.mark.slow
def test_cells_are_told_one_by_one_and_shown_between_their_contents_and_rows_of_the_group(
    finished: Path, page: str, summary: dict[str, Any]
) -> None:
    cells = section(page, "cells")
    head, *table = rows(cells)
    assert head == [
        "class",
        "group",
        "test rows",
        *(f"{summary[arm]}, %" for arm in ("reference", "candidate")),
        "difference",
    ]
    found = summary["groups"]["cells"]
    assert [row[:5] for row in table] == [
        [
            str(escape(cell["class"])),
            str(escape(cell["group"])),
            str(cell["rows"]),
            *(f"{100 * cell[arm]:.1f}" for arm in ("reference", "candidate")),
        ]
        for cell in found
    ]
    assert {cell["class"] for cell in found} == {HOSTILE}
    assert sum(cell["rows"] for cell in found) == summary["groups"]["rows"]["empty_cells"]
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", cells)[1:]
    assert captions == ["Real, of other groups", "Synthetic, kept", "Real, of the group"] * 2
    train = read_table(finished / "data/splits/0/train.parquet", ["label", "group"])
    there = train.loc[train["label"] == 0, "group"].value_counts()
    filled = sorted((int(there.get(name, 0)), str(escape(name))) for name in SITES[1:3])
    shown = re.findall(r"<small>in <bdi>(.*?)</bdi>, (\d+) training rows?</small>", cells)
    assert shown == [(name, str(n)) for n, name in filled]


@pytest.mark.slow
def test_a_generator_of_latents_has_no_row_of_contents(finished: Path, tmp_path: Path, page: str) -> None:
    config = finished / "models/gan/0/config.json"
    before = read_json(config)
    write_json(config, before | {"rules": {"generator": "latent"}})
    try:
        build_report(PARAMS, finished, tmp_path)
    finally:
        write_json(config, before)
    rare = section((tmp_path / "report.html").read_text(encoding="utf-8"), "rare")
    assert "<img" not in rare
    assert rows(rare) == rows(section(page, "rare"))


@pytest.mark.slow
def test_groups_have_their_cells_and_accuracies(finished: Path, page: str, summary: dict[str, Any]) -> None:
    names = [str(escape(name)) for name in np.unique(SITES)]
    cells = [row for row in rows(section(page, "data")) if len(row) == 1 + len(SITES)]
    assert cells[0] == ["class", *names]
    counts = read_json(finished / "reports/prepare.json")["repeats"]["0"]["cells"]["table"]
    assert cells[1:] == [[str(escape(name)), *map(str, row)] for name, row in counts.items()]
    groups = summary["groups"]
    assert groups["rows"]["unseen_groups"] == 0
    assert groups["rows"]["empty_cells"] > 0
    table = rows(section(page, "recall"))[-len(ARMS) - 2 :]
    assert table[0] == ["arm", "worst group", "cells empty in training"]  # and no column of what there is none of
    for row in table[1:-1]:
        arm = groups["per_arm"][row[0]]
        shown = f"{100 * arm['worst_group']:.1f} ({escape(arm['worst'])})"
        assert row[1:] == [shown, f"{100 * arm['empty_cells']:.1f}"]
    change = groups["difference"]["empty_cells"]
    assert table[-1][0] == f"{summary['candidate']} - {summary['reference']}"
    assert table[-1][2] == "{:+.1f} [{:+.1f}, {:+.1f}]".format(
        *(100 * change[key] for key in ("difference", "low", "high"))
    )
