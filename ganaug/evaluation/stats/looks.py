"""How sure an interval has to be, as people add repeats after a look and look again.

An interval that is right once is not right for whoever may look after 3 repeats, add some, and look again: the chance
that one of the looks misleads adds up. So each look spends a part of the 5 %, and all parts together are no more than
that (Bonferroni's inequality, which holds however the looks depend on one another). The intervals of all looks together
are a confidence sequence: valid whenever one stops, for whatever reason. Most is spent on planned looks; any other
number of repeats is allowed, and gets a wider interval. Lan and DeMets (1983) call this alpha spending.
"""

from __future__ import annotations

ALPHA = 0.05  # of all looks together
PLAN = {3: 0.004, 5: 0.006, 10: 0.010, 20: 0.010, 40: 0.010}  # what a look after so many repeats spends
_OTHERS = 0.05  # falls off with the square of the repeats: less than 0.01 over all other numbers of repeats


def alpha(repeats: int) -> float:
    """Return the two-sided error that the look after so many repeats may spend.

    Examples
    --------
    >>> alpha(10)
    0.01
    >>> sum(map(alpha, range(2, 100_000))) < ALPHA
    True
    """
    return PLAN.get(repeats, _OTHERS / (repeats + 3) ** 2)


def looks_text(repeats: int) -> str:
    """Say which look this is, for example ``"look 3 of 5 planned (3, 5, 10, 20 and 40 repeats)"``."""
    *others, last = map(str, PLAN)
    planned = f"{', '.join(others)} and {last} repeats"
    if repeats in PLAN:
        return f"look {list(PLAN).index(repeats) + 1} of {len(PLAN)} planned ({planned})"
    return f"no planned look (those are after {planned}), so its interval is wider"
