"""A random forest as the teacher that scores generated rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from ganaug.modalities.parts import Floats
from ganaug.modalities.table.features import Features
from ganaug.modalities.table.likeness import embed
from ganaug.modalities.table.spec import TableSpec

TREES = 100


@dataclass(frozen=True)
class TableTeacher:
    """A trained forest; see `ganaug.modalities.parts.Teacher`.

    A forest's shares of votes are modest on rows that it was not trained on, however few it was trained on.
    """

    forest: RandomForestClassifier
    known: Features
    spec: TableSpec
    n_classes: int

    @classmethod
    def train(
        cls,
        samples: pd.DataFrame,
        labels: NDArray[np.int64],
        n_classes: int,
        spec: TableSpec,
        *,
        steps: int,
        seed: int,
        progress: Any = None,
    ) -> TableTeacher:
        """Train one, to which all classes are as likely; ``steps`` only count progress."""
        known = Features.fit(samples, spec)
        forest = RandomForestClassifier(TREES, class_weight="balanced", random_state=seed, n_jobs=1)
        forest.fit(known.one_hot(known(samples)), labels)
        for _ in range(steps if progress is not None else 0):
            progress.advance()
        return cls(forest, known, spec, n_classes)

    def predict_proba(self, samples: pd.DataFrame) -> Floats:
        """Return class probabilities (n, K)."""
        found = np.zeros((len(samples), self.n_classes), np.float32)
        if len(samples):
            found[:, self.forest.classes_] = self.forest.predict_proba(self.known.one_hot(self.known(samples)))
        return found

    def features(self, samples: pd.DataFrame) -> Floats:
        """Return the columns by rank and by level (n, F), see `ganaug.modalities.table.likeness.embed`."""
        return embed(samples, self.spec)
