"""HTML elements that escape their text by construction."""

from __future__ import annotations

import html
from collections.abc import Iterable

VOID = frozenset({"br", "col", "img", "input", "meta"})


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """One HTML or SVG element.

    Parameters
    ----------
    name : str
        The element's name, for example ``"td"``.
    *children : object
        What it holds, in order: `Html` goes in as it is, None is left out, everything else is escaped as text.
    **attributes : object
        ``class_`` stands for ``class`` and an inner ``_`` for ``-``; None and False leave the attribute out, True
        writes it bare.

    Returns
    -------
    Html
        The element; every attribute and every text child is escaped, so no class name can become markup.

    Examples
    --------
    >>> element("td", "<b>", class_="number")
    '<td class="number">&lt;b&gt;</td>'
    """
    opening = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{opening}>")
    return Html(f"<{name}{opening}>{fragment(*children)}</{name}>")


def fragment(*children: object) -> Html:
    """Join children as `element` would, without an element around them."""
    return Html("".join(_text(child) for child in children if child is not None))


def named(text: object) -> Html:
    """A class name or another foreign word, isolated so that its writing direction cannot reorder what surrounds it."""
    return element("bdi", text)


def counted(n: int, word: str) -> str:
    """A number with its noun, for example ``"3 repeats"``."""
    return f"{n:,} {word}" + ("" if n == 1 else "s")


def key(words: dict[str, str]) -> Html:
    """What the colours of a chart mean: words by CSS class."""
    return element("p", *(element("span", text, class_=tone) for tone, text in words.items()), class_="key note")


def table(head: Iterable[object], rows: Iterable[Iterable[object]], caption: str) -> Html:
    """A table that scrolls sideways where it is too wide; the first cell of each row is its heading.

    Parameters
    ----------
    head : iterable
        The column headings.
    rows : iterable of iterables
        The cells, row by row.
    caption : str
        What the table holds.
    """
    heading = element("tr", *(element("th", cell, scope="col") for cell in head))
    lines = []
    for row in rows:
        first, *rest = row
        lines.append(element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest)))
    body = element("table", element("thead", heading), element("tbody", *lines), aria_label=caption)
    scroll = element("div", body, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return element("figure", element("figcaption", caption), scroll, class_="table")


def _text(child: object) -> str:
    return child if isinstance(child, Html) else html.escape(str(child))


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{html.escape(str(value))}"'
