"""Where texts are read from, and what is said of those that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ganaug.errors import ConfigError, DataError
from ganaug.modalities.choose import modality_for
from ganaug.modalities.text.builtin import shop_messages
from ganaug.modalities.text.modality import TextModality

TEXT = TextModality()
TEXTS = ['Said "hi", twice', "two\nlines; and more", "שלום, Zoé 👍🏽", "  spaced  "]
LABELS = ["a", "b", "a", "b"]
OPTIONS = {"max_unreadable": 0.5}


def folder(path: Path) -> Path:
    for i, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)):
        file = path / label / f"{i}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"{text}\n".encode("utf-8-sig"))
    return path


def frame(**more) -> pd.DataFrame:
    return pd.DataFrame({"text": TEXTS, "label": LABELS, **more})


def jsonl(path: Path) -> Path:
    rows = [json.dumps({"text": t, "label": k}) for t, k in zip(TEXTS, LABELS, strict=True)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def written(path: Path, form: str) -> Path:
    table = frame()
    if form == "folder":
        return folder(path / "data")
    if form == "jsonl":
        return jsonl(path / "data.jsonl")
    if form == "parquet":
        table.to_parquet(path / "data.parquet")
        return path / "data.parquet"
    encoding, _, sign = form.partition(" ")
    name = path / ("data.tsv" if sign == "tab" else "data.csv")
    table.to_csv(name, index=False, sep={"tab": "\t", "semicolon": ";"}.get(sign, ","), encoding=encoding)
    return name


@pytest.mark.parametrize(
    "form",
    ["folder", "jsonl", "parquet", "utf-8 comma", "utf-8-sig comma", "utf-16 comma", "utf-8 tab", "utf-8 semicolon"],
)
def test_every_source_gives_the_texts_as_they_stand(form, tmp_path):
    source = written(tmp_path, form)
    if form != "utf-16 comma":  # which shows its columns to those alone who know what to read
        modality, why = modality_for(source, {})
        assert modality.name == "text"
        assert why
    found = TEXT.load(source, {"columns": {}})
    pairs = dict(zip(found.samples, [found.classes[code] for code in found.labels], strict=True))
    assert pairs == dict(zip(TEXTS, LABELS, strict=True))


def test_columns_may_have_other_names_and_say_group_and_split(tmp_path):
    table = frame(who=["x", "y", "x", ""], part=["train", "train", "test", "validation"])
    table.rename(columns={"text": "body", "label": "kind"}).to_csv(tmp_path / "a.csv", index=False)
    columns = {"text": "body", "label": "kind", "group": "who", "split": "part"}
    assert modality_for(tmp_path / "a.csv", columns)[0].name == "text"
    assert modality_for(tmp_path / "a.csv", {})[0].name == "table"
    found = TEXT.load(tmp_path / "a.csv", {"columns": columns})
    assert found.groups.tolist() == ["x", "y", "x", None]
    assert found.splits.tolist() == ["train", "train", "test", "validation"]


def test_a_table_with_a_column_of_text_among_others_stays_a_table(tmp_path):
    frame(price=[1, 2, 3, 4]).to_csv(tmp_path / "a.csv", index=False)
    assert modality_for(tmp_path / "a.csv", {})[0].name == "table"
    assert TEXT.load(tmp_path / "a.csv", {"columns": {}}).samples == TEXTS  # where prepare.modality says so


def test_names_of_classes_are_read_from_a_data_set_of_hugging_face(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    Dataset.from_dict({"text": TEXTS, "label": [0, 1, 1, 0]}, features=features).to_parquet(tmp_path / "a.parquet")
    found = TEXT.load(tmp_path / "a.parquet", {})
    assert [found.classes[code] for code in found.labels] == ["no", "yes", "yes", "no"]


def test_rows_that_cannot_be_used_are_set_aside_by_number_and_reason(tmp_path):
    rows = pa.table(
        {
            "text": ["fine", "", None, "a\0b", "x" * 100_000, "also fine", "no label", "\u202b\u0301ok"],
            "label": ["a", "a", "b", "a", "b", "b", None, "a"],
        }
    )
    pq.write_table(rows, tmp_path / "a.parquet")
    found = TEXT.load(tmp_path / "a.parquet", {"max_unreadable": 0.7})
    assert found.samples == ["fine", "also fine", "\u202b\u0301ok"]
    assert [(bad.name, bad.reason) for bad in found.rejected] == [
        ("row 1", "no text"),
        ("row 2", "no text"),
        ("row 3", "a NUL character"),
        ("row 4", "100,000 characters, more than 20,000"),
        ("row 6", "no label"),
    ]
    with pytest.raises(DataError, match="5 of 8 rows cannot be used"):
        TEXT.load(tmp_path / "a.parquet", {})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"text,label\nx\0y,a\nb,b\n", "is no text, or text in an encoding"),
        ("a.csv", b"text,kind\na,b\nc,d\n", "has no column 'label' for the labels"),
        ("a.csv", b"body,label\na,b\nc,d\n", "has no column 'text' for the texts"),
        ("a.csv", b"text,label\nsame,a\nsame,b\n", "one text again and again"),
        (
            "a.jsonl",
            b'{"text": 1, "label": "a"}\n{"text": "b", "label": "b"}',
            "1 of 2 rows cannot be used .'row 0': a int",
        ),
        ("a.jsonl", b'{"text": "a"', "is no readable file of JSON objects"),
        ("a.parquet", b"PAR1", "is no readable Parquet file"),
        ("a.docx", b"PK", "is a .docx file; give a folder"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(name, content, says, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says) as refused:
        TEXT.load(tmp_path / name, {})
    assert "\n" not in str(refused.value).strip()


def test_a_source_that_is_not_there_is_said():
    with pytest.raises(DataError, match="did you mean 'shop_messages'"):
        TEXT.load("shop_message", {})


def test_what_else_is_worth_knowing_is_said(tmp_path):
    texts = (
        [f"spam: win {i}" for i in range(4)] + [f"ham: hello {i}" for i in range(3)] + ["word " * 200 + "lost \ufffd"]
    )
    pd.DataFrame({"text": texts, "label": ["spam"] * 4 + ["ham"] * 4}).to_csv(tmp_path / "a.csv", index=False)
    long, told, lost = TEXT.load(tmp_path / "a.csv", {}).facts["findings"]
    assert long.startswith("Cut for the GAN: 1 of 8 texts have more than 128 words and signs")
    assert told.startswith("7 of 8 texts hold the name of their class")
    assert lost.startswith("1 texts have characters that were lost")
    assert TEXT.load("shop_messages", {}).facts["findings"] == []


def test_the_built_in_messages_are_all_different_and_the_same_again():
    texts, labels = shop_messages(30)
    assert len(set(texts)) == len(texts) == 120
    assert len(set(labels)) == 4
    assert (texts, labels) == shop_messages(30)
    assert texts != shop_messages(30, seed=1)[0]
    assert not any("{" in text or "|" in text for text in texts)


def test_options_of_other_kinds_of_samples_are_refused():
    from ganaug.modalities.choose import check_options

    with pytest.raises(ConfigError, match="is for images"):
        check_options(TEXT, {"size": (8, 8)})
