"""A params.yaml that is unknown, mistyped, out of range, or no YAML, met by the first stage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stages import PARAMS

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def nested_bomb() -> str:
    """A few hundred bytes that stand for a value of 9 ** 12 words."""
    text = "x"
    for level in range(12):
        text = f"&l{level} [{text}, {', '.join([f'*l{level - 1}' if level else 'x'] * 8)}]"
    return text


# The file, and words of the message.
REFUSED: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "unknown section": ("trian_gan: {}", ("trian_gan is no parameter", "did you mean 'train_gan'?")),
    "unknown parameter": ("prepare: {per_clas: 5}", ("prepare.per_clas", "did you mean 'per_class'?")),
    "unlike any parameter": ("merge: {zzz: 5}", ("merge.zzz is no parameter; known here: policy, amount, exports",)),
    "a key that is a number": ("5: 5", ("5 is no parameter; known here: ganaug_version,",)),
    "a key that is a list": ("? [a, b]\n: 5", ("is no parameter; known here",)),
    "a word for a number": ("generate: {per_class: many}", ("generate.per_class is 'many'", "a whole number from 1")),
    "a quoted number": ("generate: {per_class: '20'}", ("generate.per_class is '20'", "a whole number")),
    "a fraction": ("generate: {per_class: 2.5}", ("generate.per_class is 2.5", "a whole number")),
    "a number for a flag": ("train_gan: {compile: 1}", ("train_gan.compile is 1; it must be true or false",)),
    "a flag of YAML 1.1": (
        "train_gan: {compile: yes}",
        ("train_gan.compile is 'yes'; it must be true or false",),
    ),
    "a flag for a number": ("generate: {per_class: true}", ("generate.per_class is True", "a whole number")),
    "nothing for a number": ("generate: {per_class: null}", ("generate.per_class is None", "a whole number")),
    "more than can be counted": (f"generate: {{per_class: {10**30}}}", ("generate.per_class is 1", "to 1000000000")),
    "half a row": ("merge: {policy: at_least, amount: 2.5}", ("merge.amount is 2.5", "at_least", "a whole number")),
    "one for a list": ("repeats: 3", ("repeats is 3; it must be a list of 1 or more",)),
    "an empty list": ("repeats: []", ("repeats is []",)),
    "twice the same": ("repeats: [1, 1]", ("repeats is [1, 1]; name each value once",)),
    "a list of another kind": ("repeats: [0, a]", ("repeats[1] is 'a'; it must be a whole number from 0",)),
    "a list in a list": ("merge: {exports: [[csv]]}", ("merge.exports[0] is ['csv']; it must be one of",)),
    "a mistyped choice": ("merge: {policy: ballance}", ("merge.policy", "did you mean 'balance'?")),
    "a mistyped arm": ("evaluate: {arms: [real, clasical]}", ("evaluate.arms[1]", "did you mean 'classical'?")),
    "below the range": ("prepare: {size: [4, 8]}", ("prepare.size[0] is 4; it must be a whole number from 8 to 512",)),
    "above the range": ("prepare: {max_unreadable: 1.5}", ("prepare.max_unreadable is 1.5", "from 0 to 1")),
    "infinite": ("merge: {amount: .inf}", ("merge.amount is inf; it must be a number from 0",)),
    "too large a number": ("merge: {amount: 1e999}", ("merge.amount is inf",)),
    "no number": ("merge: {amount: .nan}", ("merge.amount is nan",)),
    "a huge number": (f"prepare: {{seed: {10**30}}}", ("prepare.seed is 1000", "from 0 to 2147483647")),
    "too many digits": (f"prepare: {{seed: {'9' * 5000}}}", ("params.yaml", "digits")),
    "five channels": ("prepare: {channels: 5}", ("prepare.channels is 5; it must be 1, 2, 3, 4 or null",)),
    "no source": ("prepare: {source: ''}", ("prepare.source is ''; it must be text",)),
    "a date": ("prepare: {source: 2001-01-01}", ("prepare.source is datetime.date", "must be text")),
    "no date": ("prepare: {source: 2001-99-99}", ("params.yaml", "is not YAML: month must be in 1..12")),
    "columns of another kind": ("prepare: {columns: {path: 3}}", ("prepare.columns.path is 3; it must be text",)),
    "an unknown column": ("prepare: {columns: {file: a}}", ("prepare.columns.file is no parameter", "path")),
    "a section that is a word": ("prepare: digits", ("prepare is 'digits'; it must be a mapping of parameters",)),
    "a list at the top": ("- 1\n- 2", ("the file is [1, 2]; it must be a mapping",)),
    "a word at the top": ("hello", ("the file is 'hello'; it must be a mapping",)),
    "an open bracket": ("repeats: [0", ("params.yaml line 1 is not YAML",)),
    "two colons": ("merge:\n  a: b: c", ("params.yaml line 2 is not YAML",)),
    "a tab": ("merge:\n\tamount: 1", ("params.yaml line 2 is not YAML",)),
    "a merge conflict": ("<<<<<<< HEAD\nrepeats: [0]\n=======\nrepeats: [1]\n>>>>>>> b\n", ("is not YAML",)),
    "a key given twice": ("repeats: [0]\nrepeats: [1]", ('line 2 is not YAML: found duplicate key "repeats"',)),
    "two documents": ("repeats: [0]\n---\nrepeats: [1]", ("line 2 is not YAML",)),
    "a Python object": ("report: {title: !!python/object/apply:os.getcwd []}", ("line 1 is not YAML",)),
    "an unknown anchor": ("repeats: *nowhere", ("line 1 is not YAML",)),
    "an alias of itself": ("repeats: &a [*a]", ("repeats[0] is [",)),
    "a billion laughs": (BOMB + "repeats: *i", ("a is no parameter",)),
    "a billion laughs for a value": (f"report: {{title: {nested_bomb()}}}", ("report.title is [[[", "must be text")),
    "brackets without end": ("repeats: " + "[" * 2000, ("params.yaml", "is not YAML")),
    "a zero byte": ("repeats: \0", ("is not YAML",)),
    "not UTF-8": (b"report: {title: Gr\xf6\xdfe}", ("params.yaml cannot be read",)),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ("params.yaml cannot be read",)),
    "JSON that is cut": ('{"repeats": [0, 1', ("line 1 is not YAML",)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(project: Path, refused: Callable[..., None], content: str | bytes, words: tuple[str, ...]) -> None:
    Path("params.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    refused("prepare", ("params.yaml", *words))


def test_no_params_at_all(project: Path, refused: Callable[..., None]) -> None:
    refused("prepare", ("params.yaml is missing; run from the folder that holds it",))


def test_a_folder_for_a_file(project: Path, refused: Callable[..., None]) -> None:
    Path("params.yaml").mkdir()
    refused("prepare", ("params.yaml cannot be read", "Is a directory"))


@pytest.mark.parametrize(
    "command", ["train_gan --repeat 0", "generate --repeat 0", "merge --repeat 0", "evaluate --repeat 0"]
)
def test_every_stage_minds_its_own_section(project: Path, refused: Callable[..., None], command: str) -> None:
    section = command.split()[0]
    refused(command, (f"params.yaml: {section}.devise is no parameter",), {section: {"devise": "cpu"}})


@pytest.mark.usefixtures("copy")
@pytest.mark.parametrize(
    ("generate", "merge", "words"),
    [
        ({"per_class": 3}, {}, ("generate.per_class is 3", "takes 4 rows of class '0'", "write auto")),
        ({"per_class": 9}, {"policy": "at_least", "amount": 14}, ("generate.per_class is 9", "takes 10 rows")),
        ({}, {"policy": "balance"}, ("merge.policy 'balance'", "takes no synthetic row at all", "another policy")),
        ({}, {"amount": 0}, ("merge.amount 0 takes no synthetic row at all", "raise the amount")),
    ],
)
def test_fewer_rows_than_merging_takes(refused: Callable[..., None], generate: Any, merge: Any, words: Any) -> None:
    changed = {"generate": PARAMS["generate"] | generate, "merge": PARAMS["merge"] | merge}
    refused("generate --repeat 0", words, PARAMS | changed)


@pytest.mark.usefixtures("copy")
def test_rows_that_filters_leave_none_of_are_missed_aloud(stage: Callable[..., Any]) -> None:
    drop_all = {"filters": [{"confidence": {"threshold": 1.0}}], "max_candidates": 2}
    params = PARAMS | {"generate": PARAMS["generate"] | drop_all}
    assert stage("generate --repeat 0", params).code == 0
    found = stage("merge --repeat 0")
    assert found.code == 0
    assert "repeat 0: 40 of the 40 synthetic rows asked for are missing, 4 of them of class '0'" in found.message
    assert "raise max_candidates, or ask less of the filters" in found.message
