"""What a sample is: the one protocol through which all else knows images, table rows, signals or texts.

A `Modality` reads samples, stores them, compares them, and builds the networks that make them. Everything outside
`ganaug.modalities` holds them as `Samples`, which have a length and positions and nothing more.

Another package adds a modality by an entry point in the group ``ganaug.modality``, which names a function or class that
returns one. No module here loads torch: what needs it imports it where it is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from numpy.typing import NDArray

from ganaug.errors import ConfigError, DataError
from ganaug.modalities.loaded import Codes, Ids, Loaded, Spec
from ganaug.modalities.parts import (
    Architecture,
    Augment,
    Codec,
    Extractor,
    Floats,
    Originals,
    Teacher,
    checked_features,
)
from ganaug.utils.imported import import_named
from ganaug.utils.samples import Samples

if TYPE_CHECKING:
    from markupsafe import Markup
    from torch import Tensor

    from ganaug.data.pool import RowPool


class Modality(ABC):
    """What a kind of samples is.

    Class attributes say what the kind is like; methods take samples and the `Spec` that they share. A modality holds no
    state: one instance serves every data set.
    """

    name: ClassVar[str]
    unit: ClassVar[str] = "rows"  # what messages call several samples
    takes: ClassVar[str] = "see its documentation"  # how samples in memory look, in a few words
    invariances: ClassVar[tuple[str, ...]] = ()  # changes that may keep a label true, see `augment`
    safe: ClassVar[tuple[str, ...]] = ()  # those that do for nearly any data: the default
    builtin: ClassVar[tuple[str, ...]] = ()  # names of data sets that come with it
    options: ClassVar[tuple[str, ...]] = ()  # parameters of prepare that only this kind of samples has
    export_form: ClassVar[str] = "parquet"  # of folders that commands write, see `ganaug.modalities.exports`
    arms: ClassVar[tuple[str, ...]] = ("real", "oracle", "gan", "unfiltered", "shuffled", "synthetic")  # by name
    shown: ClassVar[int] = 20  # samples of a class that a report shows, at most
    film: ClassVar[bool] = True  # whether grids of samples through training are worth showing
    augments: ClassVar[bool] = False  # whether there is a classical augmentation, of some strength
    classifiers: ClassVar[tuple[str, ...]] = ()  # names of downstream classifiers, the default first
    generators: ClassVar[tuple[str, ...]] = ("latent",)  # kinds of generators that `architecture` knows
    copied: ClassVar[str] = "exact or near copies"  # what `duplicates` puts together
    styled: ClassVar[bool] = False  # whether translation takes the style of a row, or of a group, to another

    # Samples as users have them

    @abstractmethod
    def recognises(self, X: Any) -> bool:  # noqa: N803 - scikit-learn's name
        """Tell whether data in memory is of this kind, by its type and shape alone."""

    @abstractmethod
    def infer(self, X: Any) -> tuple[Samples, Spec]:  # noqa: N803
        """Check data in memory; return the samples, and what they share.

        Raises
        ------
        DataError
            They cannot be used.
        """

    def infer_at(self, X: Any, rate: float | None) -> tuple[Samples, Spec]:  # noqa: N803
        """Do as `infer`, of samples that have so many values a second, where that is known.

        Raises
        ------
        DataError
            They cannot be used.
        ConfigError
            A rate is given, and means nothing to samples of this kind.
        """
        if rate is not None:
            raise ConfigError(f"rate is for sounds, and these are {self.unit}: leave it out")
        return self.infer(X)

    @abstractmethod
    def conform(self, X: Any, spec: Spec) -> Samples:  # noqa: N803
        """Check that data in memory is as the spec says, and return the samples.

        Raises
        ------
        DataError
            They cannot be used, or are of another spec.
        """

    def check_stored(self, samples: Samples, spec: Spec) -> Samples:
        """Check samples that are about to become rows of a file; `DataError` where they are not as the spec says."""
        return self.conform(samples, spec)

    def restore(self, samples: Samples, spec: Spec) -> Any:
        """Give samples back in the form in which `infer` took them."""
        return samples

    def item(self, X: Any) -> Any:  # noqa: N803
        """Return the only sample of what `restore` gave, as other libraries take one: a picture, a string."""
        return next(iter(X))

    @abstractmethod
    def spec_of(self, about: Mapping[str, Any]) -> Spec:
        """Return the spec that `Spec.to_json` wrote; `KeyError`, `TypeError` or `ValueError` where it is none."""

    # Sources

    @abstractmethod
    def claims(self, source: str | Path, columns: Mapping[str, str]) -> str:
        """Say in a few words why a source holds samples of this kind; empty where it does not, or does not exist."""

    @abstractmethod
    def load(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:
        """Read a source.

        Parameters
        ----------
        source : str or path-like
            A name in ``builtin``, else a path.
        options : mapping
            The parameters of `ganaug.config.PrepareParams`.

        Raises
        ------
        DataError
            It cannot be read, or too many of its rows cannot.
        """

    def survey(self, source: str | Path, options: Mapping[str, Any]) -> Loaded:
        """Do as `load`, but leave samples undecoded where that is much quicker."""
        return self.load(source, options)

    @abstractmethod
    def suggest(self, spec: Spec, counts: Codes) -> tuple[dict[str, Any], list[str]]:
        """Return parameters, by place in params.yaml, that fit samples and this machine, and in sentences why.

        ``counts`` (K,) are the training rows of each class.
        """

    # Storage

    @abstractmethod
    def columns(self, spec: Spec) -> pa.Schema:
        """Return the Arrow columns in which samples are stored."""

    @abstractmethod
    def features(self, spec: Spec) -> dict[str, Any]:
        """Return what the `datasets` library has to know of those columns, as it writes it into Parquet metadata."""

    @abstractmethod
    def to_arrow(self, samples: Samples, spec: Spec) -> list[pa.Array]:
        """Return the columns that hold samples."""

    @abstractmethod
    def from_arrow(self, batch: pa.RecordBatch, spec: Spec) -> Samples:
        """Return the samples that columns of these names hold; `DataError` or `ValueError` where they are damaged."""

    @abstractmethod
    def ids(self, samples: Samples) -> Ids:
        """Hash the content of each sample: (n,) of 32 hexadecimal digits."""

    def pool(self, path: Path) -> RowPool:
        """Open the synthetic rows of a Parquet file, to be drawn from one by one."""
        from ganaug.data.pool import RowPool

        return RowPool.open(path)

    # Likeness

    @abstractmethod
    def embed(self, samples: Samples, spec: Spec) -> Floats:
        """Return numbers (n, F) whose root mean square difference says how alike samples are, 0 to about 1."""

    @abstractmethod
    def duplicates(self, samples: Samples, spec: Spec, near: bool, ids: Ids | None = None) -> Codes:
        """Cluster samples with their copies, exact and, if asked, near ones: the number of each one's cluster (n,).

        ``ids`` are their hashes, where these are known.
        """

    @abstractmethod
    def originals(self, samples: Samples, spec: Spec, ids: Ids | None = None) -> Originals:
        """Make samples ready to be looked for among others; ``ids`` are their hashes, where these are known."""

    def copies_leak(self, spec: Spec) -> bool:
        """Tell whether equal samples must come from one origin; rows of a few categories are equal by chance."""
        return True

    # Networks

    @abstractmethod
    def codec(self, samples: Samples, spec: Spec) -> Codec:
        """Fit a codec to training samples."""

    @abstractmethod
    def codec_of(self, spec: Spec, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Codec:
        """Return the codec of which `Codec.state` gave these; `KeyError` or `ValueError` where they do not fit."""

    @abstractmethod
    def architecture(self, codec: Codec, n_classes: int, params: Mapping[str, Any], anchors: int) -> Architecture:
        """Size the networks: ``params`` has conditioning, width, depth and, one of ``generators``, generator.

        ``anchors`` are the rows that own a latent. A generator ``"translation"`` is a module as
        `ganaug.gan.translation.Translator` says.
        """

    @abstractmethod
    def architecture_of(self, about: Mapping[str, Any]) -> Architecture:
        """Return the architecture with these fields; `TypeError` where they do not fit."""

    @abstractmethod
    def augment(self, codec: Codec, invariances: Sequence[str]) -> Augment:
        """Return the differentiable changes that keep a label true; `ConfigError` for one that is not known here."""

    @abstractmethod
    def distance(self, codec: Codec) -> Callable[[Tensor, Tensor], Tensor]:
        """Return how far inputs (n, ...) are from others, (n,): the reconstruction loss of anchored latents."""

    @abstractmethod
    def auto_steps(self, rows: int, device: str) -> int:
        """Return a budget of training steps for so many rows on a kind of device, ``"cpu"`` or ``"cuda"``."""

    def translation_steps(self, device: str) -> int:
        """Return a budget of training steps for a translating generator on a kind of device."""
        return 1500 * (1 if device == "cpu" else 2)

    def auto_width(self, device: str) -> int:
        """Return the width of the networks on a kind of device, ``"cpu"`` or ``"cuda"``."""
        return 64

    # Classifiers

    @abstractmethod
    def teacher(
        self,
        samples: Samples,
        labels: Codes,
        n_classes: int,
        *,
        steps: int,
        seed: int,
        device: str,
        spec: Spec | None = None,
        progress: Any = None,
    ) -> Teacher:
        """Train the teacher; ``progress.advance()`` after each of the steps.

        ``spec`` is what the samples share, where it is more than shows in those given.
        """

    def extractor(self, name: str, teacher: Teacher) -> Extractor:
        """Return what maps samples to the features on which fidelity is measured.

        Parameters
        ----------
        name : str
            ``"in_domain"``: the teacher's features. ``"module:function"``: what your function returns when called
            without arguments, from samples to an array (n, F). A modality may know more names.
        teacher : Teacher
            Trained on the training rows.

        Raises
        ------
        ConfigError
            There is no such function. From the extractor itself: what it returned is no finite array (n, F).
        """
        if name == "in_domain":
            return teacher.features
        extract = import_named(name, "the extractor")()
        if not callable(extract):
            raise ConfigError(f"{name} returns {type(extract).__name__}; let it return a function of samples")
        return lambda samples: checked_features(extract(samples), len(samples), name)

    def arms_for(self, spec: Spec) -> tuple[str, ...]:
        """Return those of ``arms`` that samples of this spec can be trained in."""
        return self.arms

    def better_classifier(self, names: Sequence[str]) -> str:
        """Say in a sentence which classifier to take before any rows are added, where these leave much; else empty."""
        return ""

    @abstractmethod
    def check_classifier(self, name: str, settings: Sequence[Any]) -> None:
        """Raise `ConfigError` unless there is a downstream classifier of this name that takes these settings."""

    @abstractmethod
    def fit_classifier(self, name: str, rows: Any, setting: Any, config: Any) -> Callable[[Samples], NDArray[Any]]:
        """Train a downstream classifier.

        Parameters
        ----------
        name : str
            Which.
        rows : TrainingRows
            Samples, labels and which are synthetic.
        setting : Setting
            What validation rows choose: rate, mixing of synthetic rows, strength of the modality's own augmentation.
        config : TrainConfig
            What is the same for every arm: classes, steps, batch size, seed, device, and the samples' spec.

        Returns
        -------
        callable
            Samples to class probabilities (n, K).
        """

    # Showing

    @abstractmethod
    def describe(self, spec: Spec) -> str:
        """Say what samples are like: ``images of 28 x 28 pixels, 1 channel``, ``rows of 13 columns``."""

    def facts(self, spec: Spec) -> dict[str, Any]:
        """Return what there is to know of samples by name, for tables of facts."""
        return {"samples": self.describe(spec)}

    @abstractmethod
    def preview(self, samples: Samples, spec: Spec, alt: str, columns: int, budget: int) -> Markup:
        """Return HTML that shows samples: pictures, players, rows, sentences.

        HTML is `markupsafe.Markup`, here and below: what a page is given as plain `str` it shows as text.

        Parameters
        ----------
        samples, spec : Samples (n) and Spec
            What to show; n is at least one.
        alt : str
            What it is, for those who cannot see it.
        columns : int
            How many may stand side by side.
        budget : int
            Bytes that each may take of the page, about.
        """

    def preview_bytes(self, spec: Spec) -> int:
        """Return the bytes of a page that a sample takes to be seen well."""
        return 0

    @abstractmethod
    def save_grid(self, samples: Samples, spec: Spec, path: Path, columns: int) -> Path:
        """Write samples in one file to look at, ``columns`` of them side by side; return its path with a suffix."""

    @abstractmethod
    def show_grid(self, path: Path, alt: str) -> Markup:
        """Return HTML that shows a file which `save_grid` wrote; `DataError` where it is none."""

    def compare(
        self,
        training: Samples,
        samples: Mapping[str, Samples],
        labels: Mapping[str, Sequence[str]],
        spec: Spec,
        seed: int,
    ) -> dict[str, Any]:
        """Say what else there is to say of kept samples beside real ones, as JSON holds it.

        Parameters
        ----------
        training : Samples
            The training rows.
        samples : mapping
            ``reference`` and ``real_vs_real``, two samples of real rows, and ``after``, of kept ones.
        labels : mapping
            The class names of each.
        spec : Spec
            What they share.
        seed : int
            Of what is random.
        """
        return {}

    def show_comparison(self, found: Mapping[str, Any]) -> Markup | None:
        """Return HTML that shows what `compare` found; None where there is nothing to show."""
        return None

    def picture(self, path: Path, strips: Sequence[tuple[str, Samples]], spec: Spec) -> None:
        """Draw a picture of some named samples for each class; `DataError` where there is none of such samples."""
        raise DataError(f"there is no picture of {self.unit}: leave it out")
