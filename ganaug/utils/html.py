"""HTML from Jinja templates, which escape every value they are given but `markupsafe.Markup`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from ganaug.utils.words import counted

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, /, **values: object) -> Markup:
    """Fill in a template of this package.

    Parameters
    ----------
    template : str
        Its path inside the package, for example ``"report/templates/page.html"``.
    **values : object
        What it shows. A name that it uses and that is not given is an error, not a gap.
    """
    return Markup(environment().get_template(template).render(values))


@cache
def environment() -> Environment:
    """Return what loads and fills in the templates of this package."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # a tenth of a second, for reports alone

    made = Environment(
        loader=PackageLoader("ganaug", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"counted": counted, "thousands": "{:,}".format}
    return made
