"""What a report shows of texts, and the forms in which they are written."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ganaug.data.rows import Rows, RowWriter, Schema, read_rows
from ganaug.errors import DataError
from ganaug.modalities.exports import export, forms
from ganaug.modalities.text.builtin import shop_messages
from ganaug.modalities.text.comparison import changes
from ganaug.modalities.text.modality import TextModality
from ganaug.modalities.text.variety import distinct, new_share, self_bleu, words

TEXT = TextModality()
TEXTS = [
    'Said "hi", <b>twice</b>',
    "two\nlines; and more",
    "שלום, Zoé 👍🏽",
    "  spaced  ",
    "five",
    "six",
    "=1+1",
    "a,b",
]
PARTS = {"train": slice(0, 4), "validation": slice(4, 6), "test": slice(6, 8)}
CLASSES = ("no", "yes: 100%/")


def splits(folder: Path) -> Rows:
    spec = TEXT.infer(TEXTS)[1]
    rows = Rows.build(Schema(TEXT, spec, CLASSES), TEXTS, np.arange(8) % 2, groups=["g"] * 8)
    rows.synthetic[:2] = True
    for part, at in PARTS.items():
        with RowWriter(folder / f"{part}.parquet", rows.schema) as writer:
            writer.write(rows.take(np.arange(8)[at]))
    return rows


def test_rows_come_back_from_the_pipelines_files_and_are_a_source_too(tmp_path):
    splits(tmp_path)
    path = tmp_path / "train.parquet"
    found = read_rows(path)
    assert found.samples == TEXTS[:4]
    before = path.read_bytes()
    splits(tmp_path)
    assert path.read_bytes() == before
    assert pq.read_table(path).column_names[:2] == ["text", "label"]
    read = datasets.Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "cache"))
    assert read.features["text"] == datasets.Value("string")
    assert read.features["label"].names == list(CLASSES)
    assert read[:]["text"] == TEXTS[:4]
    again = TEXT.load(path, {"max_unreadable": 0.5})
    assert again.samples == TEXTS[2:4]
    assert [again.classes[code] for code in again.labels] == list(CLASSES)
    assert {reason for _, reason in again.rejected} == {"synthetic, not real"}


@pytest.mark.parametrize("form", forms(TEXT))
def test_exports_read_back_as_they_were(form, tmp_path):
    rows = splits(tmp_path)
    export(TEXT, form, tmp_path, tmp_path / "out")
    told = pd.read_csv(tmp_path / "out" / "provenance.csv", keep_default_na=False)
    assert told["synthetic"].tolist() == rows.synthetic.astype(int).tolist()
    assert told["id"].tolist() == rows.ids.tolist()
    wanted = [(text, CLASSES[code]) for text, code in zip(TEXTS, rows.labels, strict=True)]
    out = tmp_path / "out"
    if form == "text_folder":
        assert [(out / path).read_bytes().decode() for path in told["path"]] == TEXTS
        found = TEXT.load(out, {}).samples
        assert sorted(found) == sorted(TEXTS)
        return
    read = pd.read_csv if form == "csv" else lambda path: pd.read_json(path, lines=True)
    frames = pd.concat([read(out / f"{part}.{form}") for part in PARTS])
    assert list(zip(frames["text"], frames["label"], strict=True)) == wanted
    files = {part: str(out / f"{part}.{form}") for part in PARTS}
    loaded = datasets.load_dataset("csv" if form == "csv" else "json", data_files=files, cache_dir=str(tmp_path / "c"))
    assert [(row["text"], row["label"]) for part in PARTS for row in loaded[part]] == wanted


def test_texts_are_shown_as_text_and_long_ones_cut():
    spec = TEXT.infer(TEXTS)[1]
    shown = TEXT.preview([*TEXTS, "long " * 200], spec, 'some "texts"', 5, 300)
    assert shown.count("<li>") == 9
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "…" in shown
    assert len(shown) < 9 * 300
    assert TEXT.preview_bytes(spec) < 200
    assert TEXT.describe(spec) == "texts of up to 23 characters"


def test_a_grid_is_a_file_of_json(tmp_path):
    path = TEXT.save_grid(TEXTS, None, tmp_path / "000100", 8)
    assert json.loads(path.read_text(encoding="utf-8")) == TEXTS
    assert "שלום" in TEXT.show_grid(path, "a grid")
    path.write_text('{"a": 1}')
    for bad in (path, tmp_path / "none.json"):
        with pytest.raises(DataError, match="run the train_gan stage again"):
            TEXT.show_grid(bad, "")


def test_what_was_changed_is_told_word_by_word():
    assert changes("I like tea.", "I like green tea!") == [
        ("same", "I like"), ("new", " green"), ("same", " tea"), ("gone", "."), ("new", "!"),
    ]  # fmt: skip


def test_variety_falls_where_texts_repeat_and_news_is_what_training_texts_lack():
    assert words("The  THE cat's, 9") == ["the", "the", "cat's", ",", "9"]
    various, alike = ["a b c d e", "f g h i j", "k l m n o"], ["a b c d e"] * 3
    assert distinct(various, 1) == 1 > distinct(alike, 1) == pytest.approx(1 / 3)
    assert self_bleu(alike) == pytest.approx(1)
    assert self_bleu(various) < 0.1
    assert new_share(["a b z"], various, 2) == 0.5


def compared(kept: list[str], labels: list[str]) -> dict:
    texts, names = shop_messages(15)
    other = shop_messages(15, seed=1)[0]
    training = shop_messages(15, seed=2)[0]
    some = {"reference": texts, "real_vs_real": other, "after": kept}
    found = TEXT.compare(training, some, {"reference": names, "real_vs_real": names, "after": labels}, None, 0)
    return json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.slow
def test_what_is_unlike_real_texts_shows():
    texts, names = shop_messages(15, seed=3)
    like = compared(texts, names)
    random = np.random.default_rng(0)
    salad = [" ".join(random.permutation(text.split())) for text in texts]
    unlike = compared(salad, names)
    copied = compared(shop_messages(15, seed=2)[0], names)
    assert like["detection"]["after"] < unlike["detection"]["after"] - 0.05
    assert like["after"]["new"]["3"] < unlike["after"]["new"]["3"] - 0.1
    assert abs(like["after"]["self_bleu"] - like["reference"]["self_bleu"]) < 0.1 < like["after"]["self_bleu"]
    assert unlike["after"]["self_bleu"] < like["after"]["self_bleu"] - 0.2
    assert copied["copies"] == 60 > 10 > like["copies"]
    assert copied["after"]["new"]["2"] == 0
    assert all(kind == "same" for pair in copied["pairs"] for kind, _ in pair["pieces"])
    shown = TEXT.show_comparison(like)
    assert "<ins>" in shown
    assert "<del>" in shown
    assert shown.count("<li>") == len(like["pairs"]) == 12
    assert TEXT.compare(["a"], {"reference": ["a"], "real_vs_real": ["b"], "after": ["c"]}, {}, None, 0) == {}
    assert TEXT.show_comparison({}) is None
