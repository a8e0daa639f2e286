"""The modality of tables: rows of columns of any kind, as a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.errors import ConfigError, DataError
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Codes, Ids, Loaded
from ganaug.modalities.parts import Architecture, Augment, Codec, Floats, Originals
from ganaug.modalities.table import likeness, load, preview, spec, storage
from ganaug.modalities.table.ids import content_ids
from ganaug.modalities.table.spec import TableSpec
from ganaug.utils.words import counted

if TYPE_CHECKING:
    from markupsafe import Markup
    from torch import Tensor

    from ganaug.modalities.table.teacher import TableTeacher

STEPS = 400  # more did not make better rows, of 100 rows or of 6,000


class TableModality(Modality):
    """Rows of a table."""

    name = "table"
    takes = "a DataFrame"
    options = ("constraints",)
    builtin = tuple(load.BUILTIN)
    export_form = "csv"
    arms = (
        "real", "class_weights", "prior", "balanced_forest", "random_over", "smote", "mixup_within", "oracle",
        "gan", "prior_gan", "unfiltered", "shuffled", "synthetic",
    )  # fmt: skip
    shown = 6
    film = False
    classifiers = (
        "hist_gradient_boosting", "random_forest", "logistic_regression", "lightgbm", "xgboost", "catboost"
    )  # fmt: skip

    def arms_for(self, spec: TableSpec) -> tuple[str, ...]:  # type: ignore[override]
        """Leave SMOTE out where numbers are missing, which it does not take."""
        gaps = any(spec.columns[i].gaps and spec.columns[i].role == "number" for i in spec.learnt)
        return tuple(name for name in self.arms if not (gaps and name == "smote"))

    def recognises(self, X: Any) -> bool:  # noqa: D102, N803 - see Modality
        return isinstance(X, pd.DataFrame)

    def infer(self, X: Any) -> tuple[pd.DataFrame, TableSpec]:  # noqa: D102, N803
        if not isinstance(X, pd.DataFrame):
            raise DataError(f"X is {type(X).__name__}: give a table as a DataFrame.")
        found = spec.infer(X)
        return spec.conform(X, found), found

    def conform(self, X: Any, spec: TableSpec) -> pd.DataFrame:  # type: ignore[override]  # noqa: D102, N803
        return _conform(X, spec)

    def item(self, X: pd.DataFrame) -> dict[str, Any]:  # noqa: N803
        """Return the only row, by the names of its columns."""
        (row,) = X.to_dict("records")
        return {str(name): value for name, value in row.items()}

    def spec_of(self, about: Mapping[str, Any]) -> TableSpec:  # noqa: D102
        return spec.spec_of(about)

    def claims(self, source: str | Path, columns: Mapping[str, str]) -> str:  # noqa: D102
        return load.claims(source, columns)

    def load(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:  # noqa: D102
        return load.load(source, options)

    def suggest(self, spec: TableSpec, counts: Codes) -> tuple[dict[str, Any], list[str]]:  # type: ignore[override]
        """Suggest nothing: tables train in seconds."""
        return {}, [f"tables: networks of full size, {STEPS} steps"]

    def columns(self, spec: TableSpec) -> pa.Schema:  # type: ignore[override]  # noqa: D102
        return storage.schema(spec)

    def features(self, spec: TableSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        return storage.features(spec)

    def to_arrow(self, samples: pd.DataFrame, spec: TableSpec) -> list[pa.Array]:  # type: ignore[override]  # noqa: D102
        return storage.to_columns(samples, spec)

    def from_arrow(self, batch: pa.RecordBatch, spec: TableSpec) -> pd.DataFrame:  # type: ignore[override]  # noqa: D102
        return storage.from_columns(batch, spec)

    def ids(self, samples: pd.DataFrame) -> Ids:
        """Hash the names and values of each row."""
        return content_ids(samples)

    def embed(self, samples: pd.DataFrame, spec: TableSpec) -> Floats:  # type: ignore[override]  # noqa: D102
        return likeness.embed(samples, spec)

    def duplicates(  # type: ignore[override]
        self, samples: pd.DataFrame, spec: TableSpec, near: bool, ids: Ids | None = None
    ) -> Codes:
        """Cluster rows with their exact copies; near ones are no copies: two patients may be much alike."""
        return likeness.duplicates(samples, spec)

    def originals(  # noqa: D102
        self,
        samples: pd.DataFrame,
        spec: TableSpec,  # type: ignore[override]
        ids: Ids | None = None,
    ) -> Originals:
        return likeness.TableOriginals(samples, spec, ids)

    def copies_leak(self, spec: TableSpec) -> bool:  # type: ignore[override]  # noqa: D102
        return likeness.copies_leak(spec)

    def codec(self, samples: pd.DataFrame, spec: TableSpec) -> Codec:  # type: ignore[override]  # noqa: D102
        from ganaug.modalities.table.codec import TableCodec

        return TableCodec.fit(samples, spec)

    def codec_of(  # noqa: D102
        self,
        spec: TableSpec,  # type: ignore[override]
        about: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Codec:
        from ganaug.modalities.table.codec import TableCodec

        return TableCodec.restore(spec, arrays)

    def architecture(self, codec: Codec, n_classes: int, params: Mapping[str, Any], anchors: int) -> Architecture:  # noqa: D102
        from ganaug.modalities.table.architecture import TableArchitecture
        from ganaug.modalities.table.codec import TableCodec

        assert isinstance(codec, TableCodec)
        return TableArchitecture(
            codec.numbers,
            codec.levels,
            n_classes,
            conditioning=params["conditioning"],
            width=params["width"],
            depth=params["depth"],
            anchors=anchors,
        )

    def architecture_of(self, about: Mapping[str, Any]) -> Architecture:  # noqa: D102
        from ganaug.modalities.table.architecture import architecture_of

        return architecture_of(about)

    def augment(self, codec: Codec, invariances: Sequence[str]) -> Augment:  # noqa: D102
        from ganaug.modalities.table.augment import Noise
        from ganaug.modalities.table.codec import TableCodec

        assert isinstance(codec, TableCodec)
        if invariances:
            raise ConfigError(f"tables have no invariance {invariances[0]!r}, nor any other: leave the list empty")
        return Noise(codec.numbers + sum(codec.levels))

    def distance(self, codec: Codec) -> Callable[[Tensor, Tensor], Tensor]:  # noqa: D102
        from ganaug.modalities.table.codec import TableCodec, row_distance

        assert isinstance(codec, TableCodec)
        return partial(row_distance, codec.numbers + len(codec.levels))

    def auto_steps(self, rows: int, device: str) -> int:  # noqa: D102
        return STEPS

    def teacher(  # noqa: D102
        self,
        samples: pd.DataFrame,
        labels: Codes,
        n_classes: int,
        *,
        steps: int,
        seed: int,
        device: str,
        spec: TableSpec | None = None,  # type: ignore[override]
        progress: Any = None,
    ) -> TableTeacher:
        from ganaug.modalities.table.teacher import TableTeacher

        known = spec or self.infer(samples)[1]
        return TableTeacher.train(samples, labels, n_classes, known, steps=steps, seed=seed, progress=progress)

    def check_classifier(self, name: str, settings: Sequence[Any]) -> None:  # noqa: D102
        from ganaug.modalities.table.classifiers import check_classifier

        check_classifier(name, settings)

    def fit_classifier(  # noqa: D102
        self, name: str, rows: Any, setting: Any, config: Any
    ) -> Callable[[pd.DataFrame], NDArray[Any]]:
        from ganaug.modalities.table.classifiers import fit_classifier

        return fit_classifier(name, rows, setting, config)

    def describe(self, spec: TableSpec) -> str:  # type: ignore[override]  # noqa: D102
        dropped = spec.not_learnt
        rest = f", of which {', '.join(dropped)} {'is' if len(dropped) == 1 else 'are'} not learnt" if dropped else ""
        return f"rows of {counted(len(spec.columns), 'column')}{rest}"

    def facts(self, spec: TableSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        roles = [column.role for column in spec.columns]
        found = {"columns": len(roles), "numbers": roles.count("number"), "categories": roles.count("category")}
        return found | {"not learnt": ", ".join(spec.not_learnt) or "none"}

    def preview(  # noqa: D102
        self,
        samples: pd.DataFrame,
        spec: TableSpec,  # type: ignore[override]
        alt: str,
        columns: int,
        budget: int,
    ) -> Markup:
        return preview.preview(samples, alt)

    def preview_bytes(self, spec: TableSpec) -> int:  # type: ignore[override]  # noqa: D102
        return preview.preview_bytes(spec)

    def save_grid(self, samples: pd.DataFrame, spec: TableSpec, path: Path, columns: int) -> Path:  # type: ignore[override]  # noqa: D102
        return preview.save_grid(samples, path)

    def show_grid(self, path: Path, alt: str) -> Markup:  # noqa: D102
        return preview.show_grid(path, alt)

    def compare(
        self,
        training: pd.DataFrame,
        samples: Mapping[str, pd.DataFrame],
        labels: Mapping[str, Sequence[str]],
        spec: TableSpec,  # type: ignore[override]
        seed: int,
    ) -> dict[str, Any]:
        """Compare columns, their dependence, and what gives generated rows away."""
        from ganaug.modalities.table.comparison import compare

        return compare(training, samples, spec, seed)

    def show_comparison(self, found: Mapping[str, Any]) -> Markup | None:  # noqa: D102
        from ganaug.modalities.table.comparison import show

        return show(found)


_conform = spec.conform
