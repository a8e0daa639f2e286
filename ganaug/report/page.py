"""The page around the sections: one file that asks the network for nothing and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib import resources

from ganaug.report.markup import Html, element


def page(title: str, parts: Iterable[Html | None]) -> str:
    """The whole HTML document.

    Parameters
    ----------
    title : str
        Shown by the browser's tab.
    parts : iterable of Html or None
        What stands in the body's ``<main>``, in order; None is left out.

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
    body = element("body", element("main", *parts), element("script", Html(script)))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def contents(sections: Iterable[tuple[str, str]]) -> Html:
    """Links to the sections, given as (id, words)."""
    links = (element("li", element("a", words, href=f"#{name}")) for name, words in sections)
    return element("nav", element("ul", *links), aria_label="Contents")


def _resource(name: str) -> str:
    return resources.files("ganaug.report").joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
