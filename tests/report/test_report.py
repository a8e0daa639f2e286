from __future__ import annotations

import io
import json
import re
import shutil
from contextlib import redirect_stdout
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from browser import chromium, opened
from fabricated import CLASSIFIERS, HOSTILE, REPEATS, SKILL, STEPS, finish_run
from ruamel.yaml import YAML

from ganaug.cli import main
from ganaug.config import Params, ReportParams
from ganaug.data.rows import read_table
from ganaug.errors import DataError
from ganaug.report.build import build_report
from ganaug.utils.files import read_json, write_json

VOID = {"img", "input", "meta"}
FILES = ("metrics.json", "plots/arms.csv", "plots/training.csv", "report.html")
PARAMS = Params(
    repeats=REPEATS,
    evaluate={"arms": [*SKILL, "oracle"], "classifiers": CLASSIFIERS},
    prepare={"source": f"{HOSTILE}.npz"},
    report={"title": f"On {HOSTILE}"},
)


class Outline(HTMLParser):
    """Checks that elements nest, and remembers their attributes and the text outside of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text += re.sub(r"\s+", " ", data)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that only lacks its report."""
    folder = tmp_path_factory.mktemp("run")
    finish_run(folder)
    return folder


@pytest.fixture(scope="module")
def printed(finished: Path) -> str:
    """Build the report; what it printed."""
    with redirect_stdout(io.StringIO()) as output:
        build_report(PARAMS, finished)
    return output.getvalue()


@pytest.fixture(scope="module")
def page(finished: Path, printed: str) -> str:
    return (finished / "reports/report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert not outline.open
    return outline


@pytest.mark.slow
def test_what_is_printed_is_what_metrics_json_says(finished: Path, printed: str) -> None:
    metrics = json.loads((finished / "reports/metrics.json").read_text(encoding="utf-8"))
    assert list(metrics["per_arm"]) == sorted(SKILL)
    for name, arm in metrics["per_arm"].items():
        numbers = [f"{100 * arm[key]:.1f}" for key in ("balanced_accuracy", "low", "high")]
        (line,) = [line for line in printed.splitlines() if line.split()[0] == name]
        assert re.findall(r"-?[\d.]+", line) == numbers
    assert all(sentence in printed for sentence in metrics["statement"])
    assert str(finished / "reports/report.html") in printed


@pytest.mark.slow
def test_the_page_shows_the_same_numbers(finished: Path, outline: Outline) -> None:
    metrics = json.loads((finished / "reports/metrics.json").read_text(encoding="utf-8"))
    assert all(sentence in outline.text for sentence in metrics["statement"])
    for arm in metrics["per_arm"].values():
        shown = "{:.1f} [{:.1f}, {:.1f}]".format(*(100 * arm[key] for key in ("balanced_accuracy", "low", "high")))
        assert shown in outline.text
    changes = [*metrics["per_contrast"].values(), *metrics["per_class"], *metrics["real_rows"]["points"]]
    for change in changes:
        shown = "{:+.1f} [{:+.1f}, {:+.1f}]".format(*(100 * change[key] for key in ("difference", "low", "high")))
        assert shown in outline.text + str(outline.elements)
    for contrast in metrics["per_contrast"].values():
        assert f"{contrast['p_holm']:.3f}" in outline.text
    assert f"Worst off by the difference: class {metrics['worst_class']}" in outline.text
    assert "Reading: {:.0f} rows a class".format(metrics["equivalent_rows"]) in outline.text
    for classifier in CLASSIFIERS:
        assert classifier in outline.text


@pytest.mark.slow
def test_a_leak_leads_the_page(finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "run")
    write_json(run / "reports/generate/0.json", read_json(run / "reports/generate/1.json"))
    leak = "the teacher of repeat 0 was trained on other rows than data/splits/0/train.parquet"
    summary = build_report(PARAMS, run)
    assert (summary["verdict"], summary["leaks"]) == ("INVALID", [leak])
    page = (run / "reports/report.html").read_text(encoding="utf-8")
    assert "INVALID" in page
    assert f"No verdict: rows leaked, {leak}" in page
    assert f"<li>{leak}</li>" in page


@pytest.mark.slow
def test_copies_and_leaks_are_accounted_for(finished: Path, page: str, outline: Outline) -> None:
    metrics = json.loads((finished / "reports/metrics.json").read_text(encoding="utf-8"))
    assert (metrics["leaks"], metrics["unproved"], metrics["membership"]) == ([], [], None)
    assert "No validation or test row, and no near duplicate of one" in outline.text
    for repeat in metrics["copying"]["repeats"]:
        assert "{nearer:.2f} [{low:.2f}, {high:.2f}]".format(**repeat) in outline.text
    assert metrics["copying"]["nearer"] == pytest.approx(0.99, abs=0.03)  # training rows with noise are nearly copies
    assert "membership attack" not in outline.text


@pytest.mark.slow
def test_an_attack_is_made_where_it_is_asked_for(finished: Path) -> None:
    params = PARAMS.model_copy(update={"report": ReportParams(membership=True)})
    summary = build_report(params, finished, out="attacked")
    page = (finished / "attacked/report.html").read_text(encoding="utf-8")
    assert "no value of it is a guarantee of privacy" in page
    assert "{auc:.2f} [{low:.2f}, {high:.2f}] in repeat 1".format(**summary["membership"]["repeats"][1]) in page
    assert summary["membership"]["auc"] > 0.9


@pytest.mark.slow
def test_the_selection_says_what_each_filter_dropped_of_each_class(finished: Path, outline: Outline) -> None:
    tables = [read_table(finished / f"data/synthetic/{repeat}.parquet", ["label", "reason"]) for repeat in REPEATS]
    candidates = pd.concat(tables)
    dropped = candidates["reason"] == "confidence"
    assert f"looked at{len(candidates)}{len(candidates)}" in outline.text
    assert f"dropped0{dropped.sum()}" in outline.text
    assert f"share dropped0.0 %{100 * dropped.mean():.1f} %" in outline.text
    for code, name in enumerate([HOSTILE, *(f"digit {k}" for k in range(1, 10))]):
        assert f"{name}0{(dropped & (candidates['label'] == code)).sum()}" in outline.text


@pytest.mark.slow
def test_fidelity_is_a_mean_over_repeats_with_the_floor_beside_it(finished: Path, page: str) -> None:
    found = [json.loads((finished / f"eval/fidelity/{repeat}.json").read_text(encoding="utf-8")) for repeat in REPEATS]
    metrics = json.loads((finished / "reports/metrics.json").read_text(encoding="utf-8"))["fidelity"]

    def mean(part: str, which: str, metric: str) -> float:
        repeats = [each["overall"] if part == "overall" else each["per_class"][part] for each in found]
        return sum(repeat[which][metric] for repeat in repeats) / len(REPEATS)

    for which in ("real_vs_real", "before", "after"):
        assert metrics[which]["kid"] == pytest.approx(mean("overall", which, "kid"))
    recalls = "".join(
        f"<td>{100 * mean('overall', which, 'recall'):.1f}</td>" for which in ("before", "after", "real_vs_real")
    )
    assert f"Recall, %</th>{recalls}" in page
    coverage = (f"{100 * mean('digit 4', which, 'coverage'):.1f}" for which in ("after", "real_vs_real"))
    assert "{} ({})".format(*coverage) in page
    assert "<bdi>digit 9</bdi></th>" + "<td>- (-)</td>" * 7 in page


@pytest.mark.slow
def test_plots_hold_every_repeat(finished: Path, printed: str) -> None:
    arms = pd.read_csv(finished / "reports/plots/arms.csv")
    assert list(arms.columns) == ["arm", "repeat", "balanced_accuracy", "accuracy", "macro_f1"]
    assert list(zip(arms["arm"], arms["repeat"], strict=True)) == [(arm, repeat) for arm in SKILL for repeat in REPEATS]
    training = pd.read_csv(finished / "reports/plots/training.csv")
    assert list(training.columns) == [
        "repeat", "step", "loss_discriminator", "loss_generator", "real_logits", "fake_logits",
    ]  # fmt: skip
    assert len(training) == len(REPEATS) * len(STEPS)


def test_the_page_has_every_section_and_picture(outline: Outline) -> None:
    assert "Rare classes" not in outline.text
    assert "Accuracy by group" not in outline.text
    ids = {attributes.get("id") for _, attributes in outline.elements}
    links = {attributes["href"] for tag, attributes in outline.elements if tag == "a"}
    assert links == {f"#{name}" for name in ids if name}
    images = [attributes for tag, attributes in outline.elements if tag == "img"]
    shown = [image["alt"] for image in images]
    for name in (HOSTILE, *(f"digit {k}" for k in range(1, 10))):
        assert {f"Real rows of class {name}", f"Kept synthetic rows of class {name}"} <= set(shown)
    assert sum("nearest training row" in str(alt) for alt in shown) == 12
    assert sum("training step" in str(alt) for alt in shown) == 3
    assert all(shown)
    assert all(a["aria-label"] for tag, a in outline.elements if tag == "svg" and a.get("role") == "img")


@pytest.mark.slow
def test_the_page_refers_to_nothing_outside_of_itself(page: str, outline: Outline) -> None:
    for _, attributes in outline.elements:
        for name in ("src", "href", "srcset", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.slow
def test_what_a_user_calls_things_stays_text(page: str, outline: Outline) -> None:
    assert "<script>alert" not in page
    assert [tag for tag, _ in outline.elements].count("script") == 1
    shown = ("On {0}", "{0}/1.png{0}", "{0}5 real", "{0}.npz")  # the title, a file and why not, a class, a parameter
    assert all(text.format(HOSTILE) in outline.text for text in shown)


@pytest.mark.slow
def test_built_twice_the_report_is_the_same_to_the_byte(finished: Path, printed: str) -> None:
    before = [(finished / "reports" / name).read_bytes() for name in FILES]
    build_report(PARAMS, finished, out="again")
    assert [(finished / "again" / name).read_bytes() for name in FILES] == before


@pytest.mark.slow
def test_arms_and_repeats_that_are_not_asked_for_stay_out(finished: Path) -> None:
    params = Params(repeats=[1], evaluate={"arms": ["real", "gan"]}, prepare={"source": "digits.npz"})
    summary = build_report(params, finished, out="one")
    assert list(summary["per_arm"]) == ["real", "gan"]
    assert summary["repeats"] == 1
    assert "Repeat 0" not in (finished / "one/report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "stage"),
    [
        ("data/synthetic/1.parquet", "generate"),
        ("models/gan/0/history.csv", "train_gan"),
        ("eval/fidelity/1.json", "fidelity"),
        ("reports/prepare.json", "prepare"),
    ],
)
def test_a_missing_file_names_the_stage_that_makes_it(finished: Path, tmp_path: Path, lost: str, stage: str) -> None:
    run = shutil.copytree(finished, tmp_path / "run")
    (run / lost).unlink()
    with pytest.raises(DataError, match=rf"{lost} is missing.*{stage} stage"):
        build_report(PARAMS, run)


@pytest.mark.slow
def test_the_command_writes_the_report_and_prints_the_verdict(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(finished, tmp_path / "run", ignore=shutil.ignore_patterns("report.html", "plots"))
    params = {"repeats": list(REPEATS), "evaluate": {"arms": list(SKILL)}, "prepare": {"source": "digits.npz"}}
    YAML().dump({"ganaug_version": "0.0.1", **params}, run / "params.yaml")  # an older release made the run
    main(["report", str(run)])
    captured = capsys.readouterr()
    assert captured.err == ""
    assert all((run / "reports" / name).is_file() for name in FILES)
    metrics = read_json(run / "reports/metrics.json")
    assert metrics["statement"]
    assert all(sentence in captured.out for sentence in metrics["statement"])
    main(["report", str(run), "--json"])
    assert json.loads(capsys.readouterr().out) == metrics


def test_the_command_without_a_run_names_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content, message in (
        ("", "params.yaml is missing"),
        ("repeats: [0]", "data/splits/0/train.parquet is missing"),
    ):
        if content:
            (tmp_path / "params.yaml").write_text(content)
        with pytest.raises(SystemExit) as stop:
            main(["report", str(tmp_path)])
        captured = capsys.readouterr()
        assert (stop.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
        assert message in captured.err
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="needs a Chromium on the PATH")
def test_in_a_browser_the_page_loads_quietly_and_the_slider_works(finished: Path, printed: str) -> None:
    step = "document.querySelector('.film figure.shown').dataset.step"
    slide = "s = document.querySelector('.slider'); s.value = 0; s.dispatchEvent(new Event('input'));"
    report = finished / "reports/report.html"
    with opened(report) as browser:
        page = browser.page
        assert page.evaluate(step) == "200"
        page.evaluate(slide)
        assert page.evaluate(step) == "50"
        assert page.evaluate("document.querySelector('.cursor').getAttribute('x1')") == "25%"
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")
        for width in (360, 1200):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") == width
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("data:image/png")] == [report.as_uri()]
