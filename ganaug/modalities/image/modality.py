"""The modality of images: uint8 pixels of one height, width and number of channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.base import Modality
from ganaug.modalities.image import arrays, duplicates, preview
from ganaug.modalities.image.arms import IMAGE_ARMS
from ganaug.modalities.image.load import load
from ganaug.modalities.image.png import decode_png, encode_png, to_picture
from ganaug.modalities.image.sources import BUILTIN, holds_images
from ganaug.modalities.image.spec import ImageSpec
from ganaug.modalities.loaded import Codes, Ids, Loaded, Spec
from ganaug.modalities.parts import Architecture, Augment, Codec, Extractor, Floats, Originals

if TYPE_CHECKING:
    from markupsafe import Markup
    from PIL import Image
    from torch import Tensor

    from ganaug.modalities.image.pool import Pool
    from ganaug.modalities.image.teacher import ImageTeacher

Images = NDArray[np.uint8]
OPTIONS = ("size", "channels", "columns", "max_unreadable", "pixel_range")
LATENT = {"latent": 64, "translation": 24}  # length of a latent or style, by generator
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


class ImageModality(Modality):
    """Images of 8 to 512 pixels a side."""

    name = "image"
    unit = "images"
    takes = "images as uint8, 0 to 255, of shape (n, height, width) or (n, height, width, channels)"
    invariances = (
        "translate", "scale", "brightness", "contrast",
        "cutout", "flip_horizontal", "flip_vertical", "rotate", "saturation",
    )  # fmt: skip
    safe = invariances[:4]
    options = ("size", "channels", "pixel_range")
    builtin = tuple(BUILTIN)
    export_form = "image_folder"
    arms = (
        "real", "classical", "mixup", "oracle",
        "gan", "classical_gan", "mixup_gan", "unfiltered", "shuffled", "synthetic", *IMAGE_ARMS,
    )  # fmt: skip
    classifiers = ("small_cnn",)
    generators = tuple(LATENT)
    styled = True
    augments = True

    def recognises(self, X: Any) -> bool:  # noqa: D102, N803 - see Modality
        return arrays.are_images(X)

    def infer(self, X: Any) -> tuple[Images, ImageSpec]:  # noqa: D102, N803
        images = arrays.as_images(X)
        arrays.check_levels(images)
        height, width, channels = images.shape[1:]
        return images, ImageSpec(height, width, channels, np.ndim(X) == 4)

    def conform(self, X: Any, spec: ImageSpec) -> Images:  # type: ignore[override]  # noqa: D102, N803
        images = arrays.as_images(X)
        if images.shape[1:] != spec.shape:
            raise DataError(
                f"X holds images of shape {images.shape[1:]}, but the model was trained on {spec.shape}: convert them "
                "first."
            )
        return images

    def check_stored(self, samples: Images, spec: ImageSpec) -> Images:  # type: ignore[override]
        """Check images of any number of pixels."""
        if samples.dtype != np.uint8 or samples.shape[1:] != spec.shape:
            raise DataError(
                f"images must be uint8 of shape (n, {spec.height}, {spec.width}, {spec.channels}), "
                f"got {samples.dtype} of shape {samples.shape}."
            )
        return np.ascontiguousarray(samples)

    def restore(self, samples: Images, spec: ImageSpec) -> Images:  # type: ignore[override]  # noqa: D102
        return samples if spec.channel_axis else samples[..., 0]

    def item(self, X: Images) -> Image.Image:  # noqa: N803
        """Return the only image as a Pillow image."""
        return to_picture(np.atleast_3d(X[0]))

    def pool(self, path: Path) -> Pool:
        """Open synthetic images, mapped into memory."""
        from ganaug.modalities.image.pool import Pool

        return Pool.open(path)

    def spec_of(self, about: Mapping[str, Any]) -> ImageSpec:  # noqa: D102
        return ImageSpec(**about)

    def claims(self, source: str | Path, columns: Mapping[str, str]) -> str:  # noqa: D102
        return holds_images(source, columns)

    def load(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:  # noqa: D102
        return load(source, **{name: options[name] for name in OPTIONS if name in options})

    def survey(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:
        """Read headers only."""
        return load(source, **{name: options[name] for name in OPTIONS if name in options}, decode=False)

    def suggest(self, spec: ImageSpec, counts: Codes) -> tuple[dict[str, Any], list[str]]:  # type: ignore[override]  # noqa: D102
        from ganaug.modalities.image.suggest import suggest

        return suggest(spec, counts)

    def columns(self, spec: Spec) -> pa.Schema:  # noqa: D102
        return pa.schema([("image", IMAGE)])

    def features(self, spec: Spec) -> dict[str, Any]:  # noqa: D102
        return {"image": {"_type": "Image"}}

    def to_arrow(self, samples: Images, spec: Spec) -> list[pa.Array]:  # noqa: D102
        png = pa.array([encode_png(image) for image in samples], pa.binary())
        return [pa.StructArray.from_arrays([png, pa.nulls(len(samples), pa.string())], fields=list(IMAGE))]

    def from_arrow(self, batch: pa.RecordBatch, spec: ImageSpec) -> Images:  # type: ignore[override]  # noqa: D102
        png = batch.column("image").field("bytes").to_pylist()
        images = np.empty((len(png), *spec.shape), dtype=np.uint8)
        for i, content in enumerate(png):
            images[i] = decode_png(content, spec.shape)
        return images

    def ids(self, samples: Images) -> Ids:
        """Hash each image's shape and pixels."""
        return arrays.content_ids(samples)

    def embed(self, samples: Images, spec: Spec) -> Floats:
        """Return all pixels, 0 to 1."""
        scaled = samples.reshape(len(samples), int(np.prod(samples.shape[1:]))).astype(np.float32)
        scaled /= np.float32(255)
        return scaled

    def duplicates(self, samples: Images, spec: Spec, near: bool, ids: Ids | None = None) -> Codes:  # noqa: D102
        known = self.ids(samples) if ids is None else ids
        if near:
            return duplicates.near_duplicates(samples, known)
        return np.unique(known.astype(str), return_inverse=True)[1].astype(np.int64)

    def originals(self, samples: Images, spec: Spec, ids: Ids | None = None) -> Originals:  # noqa: D102
        return duplicates.Originals(samples, ids)

    def codec(self, samples: Images, spec: Spec) -> Codec:  # noqa: D102
        from ganaug.modalities.image.codec import ImageCodec

        return ImageCodec(spec.shape)  # type: ignore[attr-defined]

    def codec_of(self, spec: Spec, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Codec:  # noqa: D102
        if about or arrays:
            raise ValueError(f"a codec of images that keeps {about}")
        return self.codec(None, spec)  # type: ignore[arg-type]

    def architecture(self, codec: Codec, n_classes: int, params: Mapping[str, Any], anchors: int) -> Architecture:  # noqa: D102
        from ganaug.modalities.image.codec import ImageCodec
        from ganaug.modalities.image.setup import ImageArchitecture

        assert isinstance(codec, ImageCodec)
        height, width, channels = codec.shape
        generator = params.get("generator", "latent")  # which models of earlier versions do not name
        return ImageArchitecture(
            height,
            width,
            channels,
            n_classes,
            conditioning=params["conditioning"],
            base_width=params["width"],
            depth=params["depth"],
            anchors=anchors,
            generator=generator,
            latent=LATENT[generator],
        )

    def architecture_of(self, about: Mapping[str, Any]) -> Architecture:  # noqa: D102
        from ganaug.modalities.image.setup import ImageArchitecture

        return ImageArchitecture(**about)

    def augment(self, codec: Codec, invariances: Sequence[str]) -> Augment:  # noqa: D102
        from ganaug.modalities.image.augment import ImageAugment

        return ImageAugment(invariances)

    def distance(self, codec: Codec) -> Callable[[Tensor, Tensor], Tensor]:  # noqa: D102
        from ganaug.modalities.image.codec import pixel_distance

        return pixel_distance

    def auto_steps(self, rows: int, device: str) -> int:  # noqa: D102
        from ganaug.gan.schedule import auto_steps

        return auto_steps(rows, device)

    def auto_width(self, device: str) -> int:  # noqa: D102
        from ganaug.modalities.image.setup import auto_width

        return auto_width(device)

    def teacher(  # noqa: D102
        self, samples: Images, labels: Codes, n_classes: int, *, spec: Spec | None = None, **options: Any
    ) -> ImageTeacher:
        from ganaug.modalities.image.teacher import ImageTeacher

        return ImageTeacher.train(samples, labels, n_classes, **options)

    def extractor(self, name: str, teacher: ImageTeacher) -> Extractor:  # type: ignore[override]
        """Return the extractor of this name; also ``"efficientnet_lite0"``, and functions that return a module."""
        from ganaug.modalities.image.extractors import make_extractor

        return make_extractor(name, teacher.network)

    def check_classifier(self, name: str, settings: Sequence[Any]) -> None:  # noqa: D102
        from ganaug.modalities.image.classifiers import check_classifier

        check_classifier(name, settings)

    def fit_classifier(self, name: str, rows: Any, setting: Any, config: Any) -> Callable[[Images], NDArray[Any]]:  # noqa: D102
        from ganaug.modalities.image.classifiers import fit_classifier

        return fit_classifier(name, rows, setting, config)

    def describe(self, spec: ImageSpec) -> str:  # type: ignore[override]  # noqa: D102
        channels = f"{spec.channels} channel" + ("" if spec.channels == 1 else "s")
        return f"images of {spec.height} x {spec.width} pixels, {channels}"

    def facts(self, spec: ImageSpec) -> dict[str, Any]:  # type: ignore[override]  # noqa: D102
        return {"height": spec.height, "width": spec.width, "channels": spec.channels}

    def preview(self, samples: Images, spec: Spec, alt: str, columns: int, budget: int) -> Markup:  # noqa: D102
        return preview.preview(samples, alt, columns, budget)

    def preview_bytes(self, spec: ImageSpec) -> int:  # type: ignore[override]  # noqa: D102
        return preview.preview_bytes(spec.shape)

    def show_grid(self, path: Path, alt: str) -> Markup:  # noqa: D102
        return preview.show_grid(path, alt)

    def picture(self, path: Path, strips: Sequence[tuple[str, Images]], spec: Spec) -> None:  # noqa: D102
        from ganaug.modalities.image.picture import draw

        draw(path, strips)

    def save_grid(self, samples: Images, spec: Spec, path: Path, columns: int) -> Path:  # noqa: D102
        return preview.save_grid(samples, path, columns)
