"""The modality of signals: numbers through time, of one or many channels, of one length or each of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from numpy.typing import NDArray

from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Codes, Ids, Loaded
from ganaug.modalities.parts import Architecture, Augment, Codec, Floats, Originals
from ganaug.modalities.signal import likeness, load, preview, spec, storage
from ganaug.modalities.signal.spec import Signals, SignalSpec

if TYPE_CHECKING:
    from markupsafe import Markup
    from torch import Tensor

    from ganaug.modalities.signal.teacher import SignalTeacher

STEPS_A_ROW = 25  # training meets each row as often, however many there are
FEWEST_STEPS, MOST_STEPS = 400, 4_000


class SignalModality(Modality):
    """Signals."""

    name = "signal"
    unit = "signals"
    invariances = ("jitter", "scale", "shift")
    safe = ("jitter",)
    builtin = tuple(load.BUILTIN)
    takes = "floats of shape (n, time) or (n, channels, time), or a list of such signals"
    export_form = "npz"
    arms = (
        "real", "classical", "mixup", "random_over", "dtw_smote", "oracle",
        "gan", "classical_gan", "unfiltered", "shuffled", "synthetic",
    )  # fmt: skip
    augments = True
    copied = "exact or near copies, or windows of one recording that overlap"
    classifiers = ("minirocket", "logistic_regression", "components_logistic_regression")

    def recognises(self, X: Any) -> bool:  # noqa: D102, N803 - see Modality
        return spec.recognises(X)

    def infer(self, X: Any) -> tuple[Signals, SignalSpec]:  # noqa: D102, N803
        return spec.infer(X)

    def conform(self, X: Any, spec: SignalSpec) -> Signals:  # type: ignore[override]  # noqa: D102, N803
        return _conform(X, spec)

    def restore(self, samples: Signals, spec: SignalSpec) -> Any:  # type: ignore[override]  # noqa: D102
        return _restore(samples, spec)

    def spec_of(self, about: Mapping[str, Any]) -> SignalSpec:  # noqa: D102
        return spec.spec_of(about)

    def claims(self, source: str | Path, columns: Mapping[str, str]) -> str:  # noqa: D102
        return load.claims(source, columns)

    def load(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:  # noqa: D102
        return load.load(source, options)

    def suggest(self, spec: SignalSpec, counts: Codes) -> tuple[dict[str, Any], list[str]]:  # type: ignore[override]
        """Suggest nothing: signals train in seconds."""
        return {}, [f"signals: networks of full size, {self.auto_steps(int(counts.sum()), 'cpu'):,} steps"]

    def columns(self, spec: SignalSpec) -> pa.Schema:  # type: ignore[override]  # noqa: D102
        return storage.schema(spec)

    def features(self, spec: SignalSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        return storage.features(spec)

    def to_arrow(self, samples: Signals, spec: SignalSpec) -> list[pa.Array]:  # type: ignore[override]  # noqa: D102
        return [storage.to_column(samples, spec)]

    def from_arrow(self, batch: pa.RecordBatch, spec: SignalSpec) -> Signals:  # type: ignore[override]  # noqa: D102
        return storage.from_column(batch.column(storage.COLUMN), spec)

    def ids(self, samples: Signals) -> Ids:
        """Hash the shape and the values of each signal."""
        return likeness.content_ids(samples)

    def embed(self, samples: Signals, spec: SignalSpec) -> Floats:  # type: ignore[override]  # noqa: D102
        return likeness.embed(samples, spec)

    def duplicates(  # type: ignore[override]  # noqa: D102
        self, samples: Signals, spec: SignalSpec, near: bool, ids: Ids | None = None
    ) -> Codes:
        return likeness.duplicates(samples, spec, near, ids)

    def originals(self, samples: Signals, spec: SignalSpec, ids: Ids | None = None) -> Originals:  # type: ignore[override]  # noqa: D102
        return likeness.SignalOriginals(samples, spec, ids)

    def codec(self, samples: Signals, spec: SignalSpec) -> Codec:  # type: ignore[override]  # noqa: D102
        from ganaug.modalities.signal.codec import DETAILED_ROWS, SignalCodec, fit

        return SignalCodec(spec, fit(samples, spec, DETAILED_ROWS))

    def codec_of(  # noqa: D102
        self,
        spec: SignalSpec,  # type: ignore[override]
        about: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Codec:
        from ganaug.modalities.signal.codec import SignalCodec

        return SignalCodec(spec, arrays)

    def architecture(self, codec: Codec, n_classes: int, params: Mapping[str, Any], anchors: int) -> Architecture:  # noqa: D102
        from ganaug.modalities.signal.codec import SignalCodec
        from ganaug.modalities.table.architecture import TableArchitecture

        assert isinstance(codec, SignalCodec)
        shared = {name: params[name] for name in ("conditioning", "width", "depth")}
        return TableArchitecture(codec.numbers, (), n_classes, anchors=anchors, **shared)

    def architecture_of(self, about: Mapping[str, Any]) -> Architecture:  # noqa: D102
        from ganaug.modalities.table.architecture import architecture_of

        return architecture_of(about)

    def augment(self, codec: Codec, invariances: Sequence[str]) -> Augment:  # noqa: D102
        from ganaug.modalities.signal.augment import SignalAugment
        from ganaug.modalities.signal.codec import SignalCodec

        assert isinstance(codec, SignalCodec)
        return SignalAugment(codec, invariances)

    def distance(self, codec: Codec) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the mean absolute difference of inputs."""
        return lambda inputs, others: (inputs - others).abs().flatten(1).mean(1)

    def auto_steps(self, rows: int, device: str) -> int:  # noqa: D102
        return int(min(MOST_STEPS, max(FEWEST_STEPS, STEPS_A_ROW * rows)))

    def teacher(  # noqa: D102
        self,
        samples: Signals,
        labels: Codes,
        n_classes: int,
        *,
        steps: int,
        seed: int,
        device: str,
        spec: SignalSpec | None = None,  # type: ignore[override]
        progress: Any = None,
    ) -> SignalTeacher:
        from ganaug.modalities.signal.teacher import SignalTeacher

        known = spec or self.infer(samples)[1]
        return SignalTeacher.train(samples, labels, n_classes, known, steps=steps, seed=seed, progress=progress)

    def check_classifier(self, name: str, settings: Sequence[Any]) -> None:  # noqa: D102
        from ganaug.modalities.signal.classifiers import check_classifier

        check_classifier(name, settings)

    def fit_classifier(  # noqa: D102
        self, name: str, rows: Any, setting: Any, config: Any
    ) -> Callable[[Signals], NDArray[Any]]:
        from ganaug.modalities.signal.classifiers import fit_classifier

        return fit_classifier(name, rows, setting, config)

    def describe(self, spec: SignalSpec) -> str:  # type: ignore[override]  # noqa: D102
        channels = f"{spec.channels} channel" + ("" if spec.channels == 1 else "s")
        values = f"{spec.shortest} to {spec.longest}" if spec.ragged else f"{spec.longest}"
        rate = f", {spec.rate:g} a second" if spec.rate else ""
        return f"signals of {values} values, {channels}{rate}"

    def facts(self, spec: SignalSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        values = f"{spec.shortest} to {spec.longest}" if spec.ragged else spec.longest
        return {"values": values, "channels": spec.channels}

    def preview(  # noqa: D102
        self,
        samples: Signals,
        spec: SignalSpec,  # type: ignore[override]
        alt: str,
        columns: int,
        budget: int,
    ) -> Markup:
        return preview.preview(samples, spec, alt, columns, budget)

    def preview_bytes(self, spec: SignalSpec) -> int:  # type: ignore[override]  # noqa: D102
        return preview.preview_bytes(spec)

    def save_grid(self, samples: Signals, spec: SignalSpec, path: Path, columns: int) -> Path:  # type: ignore[override]  # noqa: D102
        return preview.save_grid(samples, spec, path, columns)

    def show_grid(self, path: Path, alt: str) -> Markup:  # noqa: D102
        return preview.show_grid(path, alt)

    def compare(
        self,
        training: Signals,
        samples: Mapping[str, Signals],
        labels: Mapping[str, Sequence[str]],
        spec: SignalSpec,  # type: ignore[override]
        seed: int,
    ) -> dict[str, Any]:
        """Compare means and spreads, spectra and autocorrelations, and what gives generated signals away."""
        from ganaug.modalities.signal.comparison import compare

        return compare(samples, labels, spec, seed)

    def show_comparison(self, found: Mapping[str, Any]) -> Markup | None:  # noqa: D102
        from ganaug.modalities.signal.comparison import show

        return show(found)


_conform, _restore = spec.conform, spec.restore
