"""The page around the sections: one file that asks the network for nothing and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from importlib import resources

from ganaug.utils.markup import Html, element


def page(title: str, opening: Iterable[Html], sections: Mapping[str, Html | None]) -> str:
    """The whole HTML document.

    Parameters
    ----------
    title : str
        Shown by the browser's tab.
    opening : iterable of Html
        The first screen.
    sections : mapping of str to Html or None
        What follows, in order, by the word that links to it; None is left out.

    Returns
    -------
    str
        The document. Its content security policy names the one style sheet and the one script by their hashes, so
        nothing else can run or load, whatever a class is called.
    """
    style, script = _resource("style.css"), _resource("slider.js")
    policy = f"default-src 'none'; img-src data:; style-src {_source(style)}; script-src {_source(script)}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(style)),
    )
    present = {word: section for word, section in sections.items() if section is not None}
    links = (element("li", element("a", word, href=f"#{word.lower()}")) for word in present)
    contents = element("nav", element("ul", *links), aria_label="Contents")
    parts = (element("section", section, id=word.lower()) for word, section in present.items())
    body = element("body", element("main", *opening, contents, *parts), element("script", Html(script)))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _resource(name: str) -> str:
    return resources.files("ganaug.report").joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
