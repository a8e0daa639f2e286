from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from ganaug.utils.html import environment, render

HOSTILE = "<script>alert('1')</script>"
PARTS = environment().get_template("utils/templates/parts.html").module


def test_text_and_attributes_are_escaped() -> None:
    made = PARTS.key({'"><img src=x>': HOSTILE})
    assert '<span class="&#34;&gt;&lt;img src=x&gt;">&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;</span>' in made


def test_every_template_escapes_what_it_is_given() -> None:
    templates = [name for name in environment().list_templates(["html"]) if environment().get_template(name)]
    assert {"report/templates/page.html", "modalities/table/templates/rows.html"} <= set(templates)
    assert environment().autoescape is True
    sources = "".join(environment().loader.get_source(environment(), name)[0] for name in templates)
    assert re.findall(r"\bsafe\b|autoescape", sources) == []


def test_elements_nest_without_being_escaped_twice() -> None:
    assert PARTS.cells([Markup("<b>a &lt; b</b>"), 3]) == "<td><b>a &lt; b</b></td><td>3</td>"


def test_a_table_escapes_every_cell_and_names_its_rows() -> None:
    made = PARTS.table(["", "recall"], [[HOSTILE, HOSTILE]], "Recall", foreign=True)
    assert "<script" not in made
    assert '<th scope="row"><bdi>' in made
    assert "<figcaption>Recall</figcaption>" in made


def test_a_value_that_is_not_given_is_an_error_and_no_gap() -> None:
    with pytest.raises(UndefinedError, match="'caption' is undefined"):
        render("modalities/table/templates/rows.html", columns=[], rows=[], more=0)
