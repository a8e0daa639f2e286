"""The modality of sounds: recordings of up to ten seconds, mono or stereo, each of a length of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.base import Modality
from ganaug.modalities.image.modality import ImageModality
from ganaug.modalities.image.preview import show_grid
from ganaug.modalities.loaded import Codes, Ids, Loaded
from ganaug.modalities.parts import Architecture, Augment, Codec, Floats, Originals
from ganaug.modalities.signal.modality import SignalModality
from ganaug.modalities.sound import flac, likeness, load, preview, spec
from ganaug.modalities.sound.kind import SOUNDS
from ganaug.modalities.sound.spec import Sounds, SoundSpec

if TYPE_CHECKING:
    from markupsafe import Markup
    from torch import Tensor

    from ganaug.modalities.sound.teacher import SoundTeacher

IMAGE = ImageModality()  # sounds are shown as pictures
SIGNAL = SignalModality()  # whose networks make the levels of sounds


class SoundModality(Modality):
    """Sounds."""

    name = "sound"
    unit = "sounds"
    takes = "with modality='sound' and rate, a list of floats (time,) or (channels, time), -1 to 1"
    invariances = SIGNAL.invariances
    safe = SIGNAL.safe
    builtin = SOUNDS.builtin
    options = ("channels", "rate", "seconds", "loudness")
    export_form = "flac_folder"
    arms = (
        "real", "classical", "spec_augment", "mixup", "random_over", "oracle",
        "gan", "classical_gan", "unfiltered", "shuffled", "synthetic",
    )  # fmt: skip
    augments = True
    classifiers = ("minirocket", "mel_cnn", "logistic_regression", "components_logistic_regression")
    shown = 5
    copied = "exact or near copies, or parts of one recording that overlap"

    def recognises(self, X: Any) -> bool:  # noqa: N803
        """Recognise nothing: sounds in memory look like signals."""
        return False

    def infer(self, X: Any) -> tuple[Sounds, SoundSpec]:  # noqa: D102, N803 - see Modality
        raise DataError("a list of sounds does not say how many values a second they have: give rate.")

    def infer_at(self, X: Any, rate: float | None) -> tuple[Sounds, SoundSpec]:  # noqa: D102, N803
        return self.infer(X) if rate is None else spec.infer(X, rate)

    def conform(self, X: Any, spec: SoundSpec) -> Sounds:  # type: ignore[override]  # noqa: D102, N803
        return _conform(X, spec)

    def restore(self, samples: Sounds, spec: SoundSpec) -> Any:  # type: ignore[override]  # noqa: D102
        return _restore(samples, spec)

    def check_stored(self, samples: Sounds, spec: SoundSpec) -> Sounds:  # type: ignore[override]  # noqa: D102
        return _conform(samples, spec)

    def spec_of(self, about: Mapping[str, Any]) -> SoundSpec:  # noqa: D102
        return spec.spec_of(about)

    def claims(self, source: str | Path, columns: Mapping[str, str]) -> str:  # noqa: D102
        return load.claims(source, columns)

    def load(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:  # noqa: D102
        return load.load(source, options)

    def suggest(self, spec: SoundSpec, counts: Codes) -> tuple[dict[str, Any], list[str]]:  # type: ignore[override]
        """Suggest nothing: the levels of sounds train in seconds."""
        steps = self.auto_steps(int(counts.sum()), "cpu")
        return {}, [f"sounds: networks of full size on components of the levels of their mel bands, {steps:,} steps"]

    def columns(self, spec: SoundSpec) -> pa.Schema:  # type: ignore[override]  # noqa: D102
        return pa.schema([(flac.COLUMN, flac.FILE)])

    def features(self, spec: SoundSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        return {flac.COLUMN: {"sampling_rate": spec.rate, "_type": "Audio"}}

    def to_arrow(self, samples: Sounds, spec: SoundSpec) -> list[pa.Array]:  # type: ignore[override]  # noqa: D102
        return [flac.to_column(samples, spec)]

    def from_arrow(self, batch: pa.RecordBatch, spec: SoundSpec) -> Sounds:  # type: ignore[override]  # noqa: D102
        return flac.from_column(batch.column(flac.COLUMN), spec)

    def ids(self, samples: Sounds) -> Ids:
        """Hash the shape and the values of each sound."""
        return likeness.content_ids(samples)

    def embed(self, samples: Sounds, spec: SoundSpec) -> Floats:  # type: ignore[override]  # noqa: D102
        return likeness.embed(samples, spec)

    def duplicates(  # type: ignore[override]  # noqa: D102
        self, samples: Sounds, spec: SoundSpec, near: bool, ids: Ids | None = None
    ) -> Codes:
        return likeness.duplicates(samples, spec, near, ids)

    def originals(self, samples: Sounds, spec: SoundSpec, ids: Ids | None = None) -> Originals:  # type: ignore[override]  # noqa: D102
        return likeness.SoundOriginals(samples, spec, ids)

    def codec(self, samples: Sounds, spec: SoundSpec) -> Codec:  # type: ignore[override]  # noqa: D102
        from ganaug.modalities.sound.codec import SoundCodec

        return SoundCodec.fit(samples, spec)

    def codec_of(  # noqa: D102
        self,
        spec: SoundSpec,  # type: ignore[override]
        about: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Codec:
        from ganaug.modalities.sound.codec import SoundCodec

        return SoundCodec(spec, arrays)

    def architecture(self, codec: Codec, n_classes: int, params: Mapping[str, Any], anchors: int) -> Architecture:  # noqa: D102
        return SIGNAL.architecture(codec, n_classes, params, anchors)

    def architecture_of(self, about: Mapping[str, Any]) -> Architecture:  # noqa: D102
        return SIGNAL.architecture_of(about)

    def augment(self, codec: Codec, invariances: Sequence[str]) -> Augment:  # noqa: D102
        return SIGNAL.augment(codec, invariances)

    def distance(self, codec: Codec) -> Callable[[Tensor, Tensor], Tensor]:  # noqa: D102
        return SIGNAL.distance(codec)

    def auto_steps(self, rows: int, device: str) -> int:  # noqa: D102
        return SIGNAL.auto_steps(rows, device)

    def teacher(  # noqa: D102
        self,
        samples: Sounds,
        labels: Codes,
        n_classes: int,
        *,
        steps: int,
        seed: int,
        device: str,
        spec: SoundSpec | None = None,  # type: ignore[override]
        progress: Any = None,
    ) -> SoundTeacher:
        from ganaug.modalities.sound.teacher import SoundTeacher

        if spec is None:
            raise DataError("a list of sounds does not say how many values a second they have: give their spec.")
        return SoundTeacher.train(samples, labels, n_classes, spec, steps=steps, seed=seed, progress=progress)

    def check_classifier(self, name: str, settings: Sequence[Any]) -> None:  # noqa: D102
        from ganaug.modalities.sound.classifiers import check_classifier

        check_classifier(name, settings)

    def fit_classifier(  # noqa: D102
        self, name: str, rows: Any, setting: Any, config: Any
    ) -> Callable[[Sounds], NDArray[Any]]:
        from ganaug.modalities.sound.classifiers import fit_classifier

        return fit_classifier(name, rows, setting, config)

    def describe(self, spec: SoundSpec) -> str:  # type: ignore[override]  # noqa: D102
        width = "mono" if spec.channels == 1 else "stereo"
        return f"sounds of up to {spec.longest / spec.rate:.3g} seconds, {width}, {spec.rate:,} values a second"

    def facts(self, spec: SoundSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        return {"seconds": round(spec.longest / spec.rate, 3), "channels": spec.channels, "rate": spec.rate}

    def preview(  # noqa: D102
        self,
        samples: Sounds,
        spec: SoundSpec,  # type: ignore[override]
        alt: str,
        columns: int,
        budget: int,
    ) -> Markup:
        return preview.preview(samples, spec, alt, columns, budget)

    def preview_bytes(self, spec: SoundSpec) -> int:  # type: ignore[override]  # noqa: D102
        return preview.preview_bytes(spec)

    def save_grid(self, samples: Sounds, spec: SoundSpec, path: Path, columns: int) -> Path:  # type: ignore[override]  # noqa: D102
        return preview.save_grid(samples, spec, path, columns)

    def show_grid(self, path: Path, alt: str) -> Markup:  # noqa: D102
        return show_grid(path, alt)

    def picture(self, path: Path, strips: Sequence[tuple[str, Sounds]], spec: SoundSpec) -> None:  # type: ignore[override]  # noqa: D102
        IMAGE.picture(path, [(name, preview.as_pictures(sounds, spec)) for name, sounds in strips], spec)

    def compare(
        self,
        training: Sounds,
        samples: Mapping[str, Sounds],
        labels: Mapping[str, Sequence[str]],
        spec: SoundSpec,  # type: ignore[override]
        seed: int,
    ) -> dict[str, Any]:
        """Compare lengths, silence, clipping, loudness and spectral centroids, and what gives generated sounds away."""
        from ganaug.modalities.sound.comparison import compare

        return compare(samples, labels, spec, seed)

    def show_comparison(self, found: Mapping[str, Any]) -> Markup | None:  # noqa: D102
        from ganaug.modalities.sound.comparison import show

        return show(found)


_conform, _restore = spec.conform, spec.restore
