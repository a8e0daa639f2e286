"""params.yaml: what is read, and what is refused with which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ganaug import __version__
from ganaug.config import Params, Section, load_params
from ganaug.errors import ConfigError


def load(folder: Path, text: str) -> Params:
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return load_params(path)


@pytest.mark.parametrize("name", ["params.yaml", "pipelines/smoke.yaml"])
def test_the_repositorys_own_files_name_every_parameter(repository: Path, name: str) -> None:
    content = YAML(typ="safe", pure=True).load(repository / name)
    assert set(content) == set(Params.model_fields)
    for key, section in load_params(repository / name):
        if isinstance(section, Section):
            assert set(content[key]) == set(type(section).model_fields)


def test_params_yaml_holds_the_defaults(repository: Path) -> None:
    assert load_params(repository / "params.yaml") == Params()


@pytest.mark.parametrize("text", ["", "report:\n", "# only a comment\n", "prepare: {}\n"])
def test_what_is_left_out_takes_its_default(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == Params()


def test_values_reach_their_fields(tmp_path: Path) -> None:
    params = load(
        tmp_path,
        """
        repeats: [3, 1]
        prepare: {source: my photos, size: [24, 32], channels: 3, per_class: null, test: 100, columns: {path: file}}
        train_gan: {steps: 50, invariances: [flip_horizontal], device: 'cuda:1'}
        generate: {max_candidates: 2, filters: [density, {confidence: {threshold: 5e-1}}]}
        merge: {exports: [csv]}
        report: {title: Größe}
        """,
    )
    assert params.repeats == (3, 1)
    assert (params.prepare.source, params.prepare.size, params.prepare.per_class) == ("my photos", (24, 32), None)
    assert params.prepare.test == 100
    assert params.prepare.columns == {
        "path": "file",
        "text": "text",
        "label": "label",
        "group": "group",
        "split": "split",
    }
    assert (params.train_gan.steps, params.train_gan.invariances) == (50, ("flip_horizontal",))
    assert params.generate.filters == ("density", {"confidence": {"threshold": 0.5}})
    assert params.generate.max_candidates == 2.0
    assert isinstance(params.generate.max_candidates, float)
    assert params.merge.exports == ("csv",)
    assert params.report.title == "Größe"


def test_yaml_1_2_words_and_numbers(tmp_path: Path) -> None:
    """``no`` is a word and ``2e-06`` a number, unlike in YAML 1.1."""
    params = load(tmp_path, "prepare: {source: no}\ntrain_gan: {penalty_weight: 2e-06}\n")
    assert params.prepare.source == "no"
    assert params.train_gan.penalty_weight == 2e-6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trian_gan: {}", "trian_gan is no parameter (did you mean 'train_gan'?)"),
        ("zzz: 1", "zzz is no parameter; known here: ganaug_version, repeats, prepare,"),
        ("1: 2", "1 is no parameter"),
        ("train_gan: {stps: 5}", "train_gan.stps is no parameter (did you mean 'steps'?)"),
        ("prepare: {columns: {lable: x}}", "prepare.columns.lable is no parameter (did you mean 'label'?)"),
        ("train_gan: {steps: fast}", "train_gan.steps is 'fast'; it must be 'auto' or a whole number from 1"),
        ("train_gan: {steps: atuo}", "(did you mean 'auto'?)"),
        ("train_gan: {steps: 0}", "train_gan.steps is 0; it must be"),
        ("train_gan: {steps: 1.5}", "train_gan.steps is 1.5; it must be"),
        ("train_gan: {steps: yes}", "train_gan.steps is 'yes'"),
        ("train_gan: {batch_size: true}", "train_gan.batch_size is True; it must be a whole number"),
        ("train_gan: 5", "train_gan is 5; it must be a mapping of parameters"),
        ("train_gan: {objective: hing}", "(did you mean 'hinge'?)"),
        ("train_gan: {objective: [hinge]}", "train_gan.objective is ['hinge']; it must be one of"),
        ("train_gan: {device: gpu}", "train_gan.device is 'gpu'; it must be 'auto', 'cpu', 'cuda' or 'cuda:N'"),
        ("train_gan: {learning_rate: 0}", "train_gan.learning_rate is 0; it must be a number above 0 and below 1"),
        ("train_gan: {invariances: rotate}", "train_gan.invariances is 'rotate'; it must be 'auto' or a list"),
        ("repeats: 3", "repeats is 3; it must be a list of 1 or more"),
        ("repeats: []", "repeats is []; it must be a list of 1 or more"),
        ("repeats: [0, 0]", "repeats is [0, 0]; name each value once"),
        ("repeats: [0, -1]", "repeats[1] is -1; it must be a whole number from 0"),
        ("prepare: {size: 28}", "prepare.size is 28; it must be a list of two"),
        ("prepare: {size: [28, 600]}", "prepare.size[1] is 600; it must be a whole number from 8 to 512"),
        ("prepare: {channels: 5}", "prepare.channels is 5; it must be 1, 2, 3, 4 or null"),
        ("prepare: {validation: 1.5}", "prepare.validation is 1.5; it must be a share"),
        ("prepare: {validation: 0}", "prepare.validation is 0; it must be a share"),
        ("prepare: {source: 3}", "prepare.source is 3; it must be text"),
        ("prepare: {source: ''}", "prepare.source is ''; it must be text"),
        ("prepare: {columns: {path: 3}}", "prepare.columns.path is 3; it must be text"),
        ("generate: {filters: copy}", "generate.filters is 'copy'; it must be a list of filters"),
        ("generate: {filters: [copy, confidance]}", "generate.filters[1] is 'confidance'; it must be one of"),
        ("generate: {filters: [{copi: {}}]}", "(did you mean 'copy'?)"),
        (
            "generate: {filters: [{confidence: {threshold: .nan}}]}",
            "generate.filters[0]: confidence.threshold is nan; it must be a number from 0 to 1",
        ),
        ("generate: {filters: [{quota: {sare: 1}}]}", "generate.filters[0].quota.sare is no parameter (did you mean"),
        ("generate: {max_candidates: .inf}", "generate.max_candidates is inf"),
        ("train_gan: {compile: 1}", "train_gan.compile is 1; it must be true or false"),
        ("merge: {policy: blance}", "(did you mean 'balance'?)"),
        ("evaluate: {arms: [real, clasical]}", "evaluate.arms[1] is 'clasical'"),
        ("fidelity: {extractor: in_domian}", "(did you mean 'in_domain'?)"),
        ("fidelity: {extractor: 'a:b:c'}", "or 'module:function' for one of yours"),
        ("- 1\n- 2", "the file is [1, 2]; it must be a mapping of parameters"),
        ("repeats: [0]\nrepeats: [1]", 'line 2 is not YAML: found duplicate key "repeats"'),
        ("merge:\n  a: b: c", "line 2 is not YAML"),
        ("report: {title: !!python/object/apply:os.getcwd []}", "line 1 is not YAML"),
        ("repeats: \x00", "is not YAML"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as refusal:
        load(tmp_path, text)
    assert str(refusal.value).startswith(str(tmp_path / "params.yaml"))
    assert "\n" not in str(refusal.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml is missing"):
        load_params(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_params(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"report: {title: Gr\xf6\xdfe}")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_params(tmp_path / "latin.yaml")


def test_a_file_for_another_release_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert load(tmp_path, f"ganaug_version: {__version__}").ganaug_version == __version__
    with pytest.raises(ConfigError, match=rf"'9\.9\.9', but {re.escape(__version__)} is installed; install that"):
        load(tmp_path, "ganaug_version: 9.9.9")
    assert load_params(tmp_path / "params.yaml", any_version=True).ganaug_version == "9.9.9"
