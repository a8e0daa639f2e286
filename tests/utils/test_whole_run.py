"""How far a run is, across the processes of its stages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ganaug.config import Params
from ganaug.utils import progress, run
from ganaug.utils.progress import Progress, begin_stage
from ganaug.utils.run import AFTER, Run, expected, in_turn, side_by_side, span


class Clock:
    """Stands in for `time`: moves only when told."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Of a project of its own, on two cores."""
    clock = Clock()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "cpu_count", lambda: 2)
    monkeypatch.setattr(run, "time", clock)
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(progress, "_runs", [])
    return clock


PARAMS = Params(repeats=(0, 1, 2))


def half(kind: str, repeat: int | None, clock: Clock, seconds: float, params: Params = PARAMS) -> Run:
    """Be the process of a stage, for so many seconds until half of its work is done; return what it knows by then."""
    begin_stage(kind, params, repeat)
    bar = Progress(kind if repeat is None else f"{kind} repeat {repeat}", 2)
    clock.now += seconds
    bar.advance()
    return progress._runs[0]


def test_a_line_says_how_far_the_run_is(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    half("train_gan", 0, clock, 100)
    line = capsys.readouterr().err
    assert re.fullmatch(r"train_gan repeat 0: 1/2 steps, 0\.0/s, 100 s left; run: \d+%, \d+ min left\n", line), line


def test_the_share_grows_from_stage_to_stage(clock: Clock) -> None:
    params = Params(repeats=(0, 1))
    shares, took = [], expected(params)
    for kind in AFTER:
        for repeat in (None,) if kind in run.ONCE else params.repeats:
            seconds = took[run.name(kind, repeat)]
            shares.append(half(kind, repeat, clock, seconds, params).state()[0])
            clock.now += seconds
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert 0.9 < shares[-1] <= 1


def test_the_start_of_a_stage_says_nothing_of_its_speed(clock: Clock) -> None:
    before = dict(half("evaluate", 0, clock, 100).factors)
    begin_stage("evaluate", PARAMS, 1)
    bar = Progress("evaluate repeat 1", 8)
    clock.now += 1000
    bar.advance()
    assert progress._runs[0].factors == before
    clock.now += 100
    bar.advance()
    assert progress._runs[0].factors["evaluate"] > before["evaluate"]


def test_what_was_measured_counts_from_then_on(clock: Clock) -> None:
    slow = half("train_gan", 0, clock, 3000)
    assert slow.state()[1] > 7000  # half of the GANs, and the rest as slowly
    assert Run.read(PARAMS).factors["train_gan"] > 10


def test_stages_before_the_first_one_count_as_done(clock: Clock) -> None:
    assert half("fidelity", 0, clock, 5).state()[1] < 60
    half("report", None, clock, 1)
    again = half("report", None, clock, 1)
    assert again.begun == ["report"]


def test_more_repeats_take_longer_and_an_interrupted_stage_begins_again(clock: Clock) -> None:
    few, many = (sum(expected(Params(repeats=tuple(range(n)))).values()) for n in (3, 10))
    assert 2.5 < many / few < 4
    half("train_gan", 0, clock, 5)
    assert half("train_gan", 0, clock, 5).begun == ["train_gan 0"]


def test_a_broken_file_is_as_none(clock: Clock) -> None:
    Path(".ganaug").mkdir()
    for text in ("", "[]", '{"begun": 3}', '{"begun": ["train_gan 7"], "factors": {"merge": "x"}}'):
        Path(".ganaug/run.json").write_text(text)
        assert Run.read(PARAMS).begun == []


def test_times_in_words() -> None:
    assert [span(s) for s in (12.4, 240, 9000, 270_000)] == ["12 s", "4 min", "2.5 h", "3.1 days"]


def test_what_runs_again_after_a_stage_is_what_dvc_yaml_says(repository: Path) -> None:
    stages = YAML(typ="safe", pure=True).load(repository / "dvc.yaml")["stages"]
    stages = {kind: stage.get("do", stage) for kind, stage in stages.items()}
    paths = {kind: [next(iter(o)) if isinstance(o, dict) else o for o in s["outs"]] for kind, s in stages.items()}

    def follow(kind: str) -> set[str]:
        direct = {
            other
            for other, stage in stages.items()
            if any(dep == out or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")
                   for dep in stage["deps"] for out in paths[kind])
        }  # fmt: skip
        return direct.union(*map(follow, direct))

    own = {"baselines": {"evaluate"}}  # not for its outs, see there
    assert {kind: set(after) for kind, after in AFTER.items()} == {
        kind: follow(kind) | own.get(kind, set()) for kind in stages
    }


@pytest.mark.parametrize(("count", "cores", "number", "times"), [
    (1, 2, 1, 1), (2, 2, 2, 1), (3, 2, 3, 1.5), (5, 2, 2, 3), (10, 2, 2, 5), (10, 16, 10, 1), (3, 1, 1, 3),
])  # fmt: skip
def test_so_many_gans_train_at_a_time(count: int, cores: int, number: int, times: float) -> None:
    assert min(count, side_by_side(count, cores)) == number
    assert in_turn(count, cores) == times
