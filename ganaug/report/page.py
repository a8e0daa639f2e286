"""The page around the sections: one file that asks the network for nothing and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from markupsafe import Markup

from ganaug.utils.html import render


def page(title: str, **sections: object) -> str:
    """The whole HTML document.

    Parameters
    ----------
    title : str
        Shown by the browser's tab.
    **sections : object
        What each template of a section shows, by its name: ``overview``, and those that templates/page.html lists.

    Returns
    -------
    str
        The document. Its content security policy names the one style sheet and the one script by their hashes, so
        nothing else can run or load, whatever a class is called.
    """
    text = {"style": Markup(_resource("style.css")), "script": Markup(_resource("slider.js")), "policy": policy()}
    return render("report/templates/page.html", title=title, **text, **sections)


def policy() -> str:
    """Return the content security policy: pictures and sounds that are in the page, its own style and script."""
    style, script = _source(_resource("style.css")), _source(_resource("slider.js"))
    return f"default-src 'none'; img-src data:; media-src data:; style-src {style}; script-src {script}"


def _resource(name: str) -> str:
    return resources.files("ganaug.report").joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
