from __future__ import annotations

import pytest

from ganaug.errors import ConfigError
from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES
from ganaug.utils.registry import Registry


def test_choices_are_listed_in_order():
    for registry in (OBJECTIVES, PENALTIES, CONDITIONINGS):
        assert list(registry) == sorted(registry)
        assert all(registry[name] is not None for name in registry)


@pytest.mark.parametrize(
    ("registry", "typed", "meant"),
    [(OBJECTIVES, "non-saturating", "non_saturating"), (PENALTIES, "gradient", "gradient_penalty"),
     (CONDITIONINGS, "projecton", "projection")],
)  # fmt: skip
def test_a_typing_error_gets_a_suggestion(registry, typed, meant):
    with pytest.raises(ConfigError, match=f"Unknown {registry.kind} '{typed}': did you mean '{meant}'"):
        registry[typed]


def test_something_else_gets_the_choices():
    with pytest.raises(ConfigError, match="choose one of gradient_penalty, lecam, none, r1, r1_r2, r2"):
        PENALTIES["xyz"]


def test_a_decorator_files_what_it_decorates():
    colours: Registry[type] = Registry("colour")

    @colours.register("red")
    class Red:
        pass

    assert colours["red"] is Red
    assert list(colours) == ["red"]


def test_an_entry_point_of_another_package(tmp_path, monkeypatch):
    """Loaded when it is asked for, not when choices are listed; our own names cannot be taken over."""
    (tmp_path / "shiny.py").write_text("blue = 'really blue'\nprint('loaded')")
    about = tmp_path / "shiny-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shiny\nVersion: 1\n")
    points = ("blue = shiny:blue", "red = shiny:blue", "bad = gone:x")
    (about / "entry_points.txt").write_text("\n".join(("[ganaug.colour]", *points)))
    monkeypatch.syspath_prepend(tmp_path)
    colours: Registry[str] = Registry("colour")
    colours.register("red")("our red")
    assert list(colours) == ["bad", "blue", "red"]
    assert colours["blue"] == "really blue"
    assert colours["red"] == "our red"
    with pytest.raises(ConfigError, match="did you mean 'blue'"):
        colours["blu"]
    (tmp_path / "later-1.dist-info").mkdir()
    (tmp_path / "later-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: later\nVersion: 1\n")
    (tmp_path / "later-1.dist-info" / "entry_points.txt").write_text("[ganaug.colour]\ngreen = shiny:blue\n")
    assert list(colours) == ["bad", "blue", "green", "red"]  # also what is installed later
