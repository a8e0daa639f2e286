"""One value against its type: what is accepted as it is, and what is refused with which words."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Gt, Le

from ganaug.config import check, takes
from ganaug.config.types import (
    Auto,
    Channels,
    ColumnNames,
    Device,
    Many,
    Pair,
    Positive,
    RowsOfClasses,
    ShareOrRows,
    Some,
    Text,
    one_of,
)
from ganaug.errors import ConfigError

Word = Annotated[str, one_of("one", "two")]


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Positive, "a whole number from 1"),
        (Annotated[int, Ge(1), Le(6)], "a whole number from 1 to 6"),
        (Annotated[float, Gt(0)], "a number above 0"),
        (Positive | None, "a whole number from 1 or null"),
        (Auto | Positive, "'auto' or a whole number from 1"),
        (Word, "one of 'one', 'two'"),
        (Channels | None, "1, 2, 3, 4 or null"),
        (bool | Text, "true or false or text"),
        (Many[Word], "a list, each one of 'one', 'two'"),
        (Some[Text], "a list of 1 or more values, each text"),
        (Pair[Positive] | None, "a list of two, each a whole number from 1 or null"),
        (ColumnNames, "a mapping from path, text, label, group, split to names"),
        (
            Positive | RowsOfClasses | None,
            "a whole number from 1 or a mapping from class names to whole numbers from 1 or null",
        ),
    ],
)
def test_types_in_words(annotation: Any, words: str) -> None:
    assert takes(annotation) == words


@pytest.mark.parametrize(
    ("annotation", "value", "found"),
    [
        (Annotated[float, Ge(0)], 2, 2.0),
        (ShareOrRows, 2, 2),
        (ShareOrRows, 0.5, 0.5),
        (Many[Word], ["two", "one"], ("two", "one")),
        (Positive | RowsOfClasses, {"cat": 2, 7: 3}, {"cat": 2, "7": 3}),  # a class may be called 7
        (Many[Word], ("two",), ("two",)),
        (
            ColumnNames,
            {"path": "f"},
            {"path": "f", "text": "text", "label": "label", "group": "group", "split": "split"},
        ),
    ],
)
def test_accepted(annotation: Any, value: Any, found: Any) -> None:
    assert (check(annotation, value, "x"), type(check(annotation, value, "x"))) == (found, type(found))


@pytest.mark.parametrize("value", ["3", True, 3.0, 0, None, [3], float("nan"), b"3"])
def test_nothing_is_turned_into_a_whole_number(value: Any) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"x is {value!r}; it must be a whole number from 1")):
        check(Positive, value, "x")


@pytest.mark.parametrize("value", ["0.5", True, float("inf"), float("nan"), None, 10**400])
def test_nothing_is_turned_into_a_number(value: Any) -> None:
    with pytest.raises(ConfigError, match="it must be a number from 0"):
        check(Annotated[float, Ge(0)], value, "x")


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (Word, "on", "x is 'on'; it must be one of 'one', 'two' (did you mean 'one'?)"),
        (Device, "cpuu", "it must be 'auto', 'cpu', 'cuda' or 'cuda:N' (did you mean 'cpu'?)"),
        (Many[Word], ["one", "tow"], "x[1] is 'tow'; it must be one of 'one', 'two' (did you mean 'two'?)"),
        (Many[Word], "one", "x is 'one'; it must be a list"),
        (Many[Word], {"one", "two"}, "it must be a list"),
        (Many[Word], ["one", "one"], "x is ['one', 'one']; name each value once"),
        (Pair[Positive] | None, [1, 0], "x[1] is 0; it must be a whole number from 1"),
        (Pair[Positive] | None, [1], "x is [1]; it must be a list of two"),
        (Pair[Positive], [1, 2, 3], "x is [1, 2, 3]; it must be a list of two"),
        (Pair[Positive], [], "x is []; it must be a list of two"),
        (Channels | None, True, "x is True; it must be 1, 2, 3, 4 or null"),
        (Channels | None, 3.0, "x is 3.0; it must be 1, 2, 3, 4 or null"),
        (ColumnNames, {"lable": "x"}, "x.lable is no parameter (did you mean 'label'?)"),
        (ColumnNames, {"[key]": "x"}, "x.[key] is no parameter; known here: path, text, label, group, split"),
        (ColumnNames, {3: "x"}, "x.3 is no parameter; known here: path, text, label, group, split"),
        (ColumnNames, {"path": 3}, "x.path is 3; it must be text"),
        (ColumnNames, 3, "x is 3; it must be a mapping"),
        *(
            (Positive | RowsOfClasses, given, f"x is {given}; it must be a whole number from 1 or a mapping from class")
            for given in ({}, {"cat": 0}, {"cat": "two"}, {"": 2}, {True: 2}, [2])
        ),
    ],
)
def test_refused(annotation: Any, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        check(annotation, value, "x")


def test_no_message_writes_out_a_value_without_end() -> None:
    bomb: Any = "x"
    for _ in range(200):
        bomb = [bomb] * 9
    for annotation in (Positive, Text, Word, Auto | Positive, Many[Word], Pair[Positive] | None, ColumnNames):
        with pytest.raises(ConfigError) as refusal:
            check(annotation, bomb, "x")
        assert len(str(refusal.value)) < 400
        assert "pydantic" not in str(refusal.value)
        assert refusal.value.__suppress_context__
