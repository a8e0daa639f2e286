"""The modality of texts: short ones in any script, as strings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from numpy.typing import NDArray

from ganaug.errors import ConfigError
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Codes, Ids, Loaded
from ganaug.modalities.parts import Architecture, Augment, Codec, Floats, Originals
from ganaug.modalities.text import likeness, load, preview, spec, storage
from ganaug.modalities.text.spec import Texts, TextSpec

if TYPE_CHECKING:
    from markupsafe import Markup
    from torch import Tensor

    from ganaug.modalities.text.teacher import TextTeacher

STEPS = 200


class TextModality(Modality):
    """Texts."""

    name = "text"
    unit = "texts"
    builtin = tuple(load.BUILTIN)
    takes = "a list, array or Series of strings"
    export_form = "csv"
    arms = (
        "real", "classical", "aeda", "mixup_within", "random_over", "ngram", "masked_lm", "oracle",
        "gan", "classical_gan", "unfiltered", "shuffled", "synthetic",
    )  # fmt: skip
    augments = True
    shown = 8
    film = False
    classifiers = ("tfidf_logistic_regression", "tfidf_linear_svm")
    generators = ("translation",)

    def recognises(self, X: Any) -> bool:  # noqa: D102, N803 - see Modality
        return spec.recognises(X)

    def infer(self, X: Any) -> tuple[Texts, TextSpec]:  # noqa: D102, N803
        return spec.infer(X)

    def conform(self, X: Any, spec: TextSpec) -> Texts:  # type: ignore[override]  # noqa: D102, N803
        return _conform(X, spec)

    def restore(self, samples: Texts, spec: TextSpec) -> Any:  # type: ignore[override]  # noqa: D102
        return _restore(samples, spec)

    def spec_of(self, about: Mapping[str, Any]) -> TextSpec:  # noqa: D102
        return spec.spec_of(about)

    def claims(self, source: str | Path, columns: Mapping[str, str]) -> str:  # noqa: D102
        return load.claims(source, columns)

    def load(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:  # noqa: D102
        return load.load(source, options)

    def suggest(self, spec: TextSpec, counts: Codes) -> tuple[dict[str, Any], list[str]]:  # type: ignore[override]
        """Suggest nothing: texts train in a minute or two."""
        return {}, [f"texts: networks of full size, {STEPS} steps"]

    def columns(self, spec: TextSpec) -> pa.Schema:  # type: ignore[override]  # noqa: D102
        return storage.SCHEMA

    def features(self, spec: TextSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        return storage.FEATURES

    def to_arrow(self, samples: Texts, spec: TextSpec) -> list[pa.Array]:  # type: ignore[override]  # noqa: D102
        return [pa.array(samples, pa.string())]

    def from_arrow(self, batch: pa.RecordBatch, spec: TextSpec) -> Texts:  # type: ignore[override]  # noqa: D102
        return storage.from_column(batch.column(storage.COLUMN), spec)

    def ids(self, samples: Texts) -> Ids:
        """Hash each text as it stands."""
        return likeness.content_ids(samples)

    def embed(self, samples: Texts, spec: TextSpec) -> Floats:  # type: ignore[override]  # noqa: D102
        return likeness.embed(samples)

    def duplicates(  # type: ignore[override]  # noqa: D102
        self, samples: Texts, spec: TextSpec, near: bool, ids: Ids | None = None
    ) -> Codes:
        return likeness.duplicates(samples, near, ids)

    def originals(self, samples: Texts, spec: TextSpec, ids: Ids | None = None) -> Originals:  # type: ignore[override]  # noqa: D102
        return likeness.TextOriginals(samples, ids)

    def codec(self, samples: Texts, spec: TextSpec) -> Codec:  # type: ignore[override]  # noqa: D102
        from ganaug.modalities.text.codec import TextCodec

        return TextCodec.fit(samples)

    def codec_of(  # noqa: D102
        self,
        spec: TextSpec,  # type: ignore[override]
        about: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Codec:
        from ganaug.modalities.text.codec import restore

        return restore(about)

    def architecture(self, codec: Codec, n_classes: int, params: Mapping[str, Any], anchors: int) -> Architecture:  # noqa: D102
        from ganaug.modalities.text.architecture import TextArchitecture
        from ganaug.modalities.text.codec import TextCodec

        assert isinstance(codec, TextCodec)
        return TextArchitecture(
            codec.vocabulary.first,
            codec.vocabulary.kinds,
            codec.length,
            n_classes,
            conditioning=params["conditioning"],
            width=params["width"],
            depth=params["depth"],
        )

    def architecture_of(self, about: Mapping[str, Any]) -> Architecture:  # noqa: D102
        from ganaug.modalities.text.architecture import architecture_of

        return architecture_of(about)

    def augment(self, codec: Codec, invariances: Sequence[str]) -> Augment:  # noqa: D102
        from ganaug.modalities.text.augment import HideTokens
        from ganaug.modalities.text.codec import TextCodec

        assert isinstance(codec, TextCodec)
        if invariances:
            raise ConfigError(f"texts have no invariance {invariances[0]!r}, nor any other: leave the list empty")
        return HideTokens(codec.length)

    def distance(self, codec: Codec) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the mean squared difference of inputs, which no generator of texts is trained by."""
        return lambda inputs, others: (inputs - others).square().flatten(1).mean(1)

    def auto_steps(self, rows: int, device: str) -> int:  # noqa: D102
        return STEPS

    def translation_steps(self, device: str) -> int:  # noqa: D102
        return STEPS

    def teacher(  # noqa: D102
        self,
        samples: Texts,
        labels: Codes,
        n_classes: int,
        *,
        steps: int,
        seed: int,
        device: str,
        spec: TextSpec | None = None,  # type: ignore[override]
        progress: Any = None,
    ) -> TextTeacher:
        from ganaug.modalities.text.teacher import TextTeacher

        return TextTeacher.train(samples, labels, n_classes, steps=steps, seed=seed, progress=progress)

    def better_classifier(self, names: Sequence[str]) -> str:
        """Ask for sentence embeddings."""
        from ganaug.modalities.text.embeddings import better_than

        return better_than(names)

    def check_classifier(self, name: str, settings: Sequence[Any]) -> None:  # noqa: D102
        from ganaug.modalities.text.classifiers import check_classifier

        check_classifier(name, settings)

    def fit_classifier(  # noqa: D102
        self, name: str, rows: Any, setting: Any, config: Any
    ) -> Callable[[Texts], NDArray[Any]]:
        from ganaug.modalities.text.classifiers import fit_classifier

        return fit_classifier(name, rows, setting, config)

    def describe(self, spec: TextSpec) -> str:  # type: ignore[override]  # noqa: D102
        return f"texts of up to {spec.longest:,} characters"

    def facts(self, spec: TextSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        return {"characters, at most": spec.longest}

    def preview(  # noqa: D102
        self,
        samples: Texts,
        spec: TextSpec,  # type: ignore[override]
        alt: str,
        columns: int,
        budget: int,
    ) -> Markup:
        return preview.preview(samples, alt, columns, budget)

    def preview_bytes(self, spec: TextSpec) -> int:  # type: ignore[override]  # noqa: D102
        return preview.preview_bytes(spec)

    def save_grid(self, samples: Texts, spec: TextSpec, path: Path, columns: int) -> Path:  # type: ignore[override]  # noqa: D102
        return preview.save_grid(samples, path)

    def show_grid(self, path: Path, alt: str) -> Markup:  # noqa: D102
        return preview.show_grid(path, alt)

    def compare(
        self,
        training: Texts,
        samples: Mapping[str, Texts],
        labels: Mapping[str, Sequence[str]],
        spec: TextSpec,  # type: ignore[override]
        seed: int,
    ) -> dict[str, Any]:
        """Compare variety, lengths and words, count copies, and show what was changed of the nearest training text."""
        from ganaug.modalities.text.comparison import compare

        return compare(training, samples, labels, seed)

    def show_comparison(self, found: Mapping[str, Any]) -> Markup | None:  # noqa: D102
        from ganaug.modalities.text.comparison import show

        return show(found)


_conform, _restore = spec.conform, spec.restore
