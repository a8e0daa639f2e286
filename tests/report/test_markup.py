from __future__ import annotations

from ganaug.utils.markup import element, named, table

HOSTILE = "<script>alert('1')</script>"


def test_text_and_attributes_are_escaped() -> None:
    made = element("p", HOSTILE, title='"><img src=x>')
    assert made == ('<p title="&quot;&gt;&lt;img src=x&gt;">&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;</p>')


def test_elements_nest_without_being_escaped_twice() -> None:
    assert element("p", element("b", "a < b"), None, 3) == "<p><b>a &lt; b</b>3</p>"


def test_attributes_follow_the_naming_rule() -> None:
    assert element("input", class_="x", aria_label="y", checked=True, disabled=False, max=None) == (
        '<input class="x" aria-label="y" checked>'
    )


def test_a_table_escapes_every_cell_and_names_its_rows() -> None:
    made = table(["", "recall"], [[named(HOSTILE), HOSTILE]], "Recall")
    assert "<script" not in made
    assert '<th scope="row"><bdi>' in made
    assert "<figcaption>Recall</figcaption>" in made
