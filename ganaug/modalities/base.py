"""What a sample is: the one protocol through which all else knows images, table rows, signals or texts.

A `Modality` reads samples, stores them, compares them, and builds the networks that make them. Everything outside
`ganaug.modalities` holds them as `Samples`, which have a length and positions and nothing more.

Another package adds a modality by an entry point in the group ``ganaug.modality``, which names a function or class that
returns one. No module here loads torch: what needs it imports it where it is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.errors import ConfigError, DataError
from ganaug.utils.imported import import_named
from ganaug.utils.markup import Html
from ganaug.utils.samples import Samples, take

if TYPE_CHECKING:
    from torch import Tensor, nn

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]
Ids = NDArray[np.object_]


class Rejected(NamedTuple):
    """A row or file set aside: its name in the source, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Spec:
    """What all samples of a data set share: an image's size, a table's columns. Fields are what JSON can hold."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return asdict(self)


@dataclass
class Loaded:
    """A source in memory, or what is known of it before it is.

    Attributes
    ----------
    samples : Samples or None
        All usable samples (n), in the source's order; None where they have not been decoded.
    spec : Spec
        What they share.
    classes : tuple of str
        Class names in order.
    labels : int array (n,)
        Positions in ``classes``.
    names : object array (n,)
        What to call each sample in reports: a path, ``row 17``.
    groups : object array (n,)
        Group of each sample, or None.
    splits : object array (n,)
        train, validation or test; all of it train where the source does not say.
    rejected, skipped : list of Rejected
        Rows that could not be used; files that are no rows.
    further : dict of str to int
        Pages, frames and the like after the first that are not read, of the rows that have some.
    read_from : str
        The folder in the source that holds the samples, where that is not the source itself.
    split_folders : dict of str to str
        The folders that were taken for splits, and which split each one is.
    facts : dict
        What else reports say of the source, as JSON holds it. ``read_as`` says in words how it was read, ``findings``
        in sentences what else is worth knowing, ``notes`` what of it those have to know who read no report.
    decode : callable, optional
        Positions to samples, where ``samples`` is None.
    """

    samples: Samples
    spec: Spec
    classes: tuple[str, ...]
    labels: Codes
    names: Ids
    groups: Ids
    splits: Ids
    rejected: list[Rejected] = field(default_factory=list)
    skipped: list[Rejected] = field(default_factory=list)
    further: dict[str, int] = field(default_factory=dict)
    read_from: str = ""
    split_folders: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    decode: Callable[[Sequence[int]], Samples] | None = None

    def some(self, positions: Sequence[int]) -> Samples:
        """Return the samples at these positions."""
        return take(self.samples, np.asarray(positions, np.int64)) if self.decode is None else self.decode(positions)


class Originals(Protocol):
    """Samples of which copies are looked for, made ready once for any number of looks."""

    ids: Ids  # (m,) content hashes

    def copies(self, samples: Samples, ids: Ids | None = None) -> NDArray[np.bool_]:
        """Mark the samples (n,) that are copies of one of these, exact or near; ``ids`` are their hashes, if known."""
        ...


class Codec(ABC):
    """Samples to the arrays that live on the device, to what networks see, and back. Fitted on training rows only."""

    @abstractmethod
    def to_arrays(self, samples: Samples) -> tuple[NDArray[Any], ...]:
        """Return arrays (n, ...) that stand for the samples, small enough to keep all of them on a device."""

    @abstractmethod
    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Map a batch of those arrays, as tensors, to what networks see (n, ...), float."""

    @abstractmethod
    def to_samples(self, inputs: Tensor) -> Samples:
        """Map what a generator makes (n, ...) to samples."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what a saved model keeps to make this codec again: what JSON holds, and arrays."""
        return {}, {}


class Architecture(Protocol):
    """A frozen dataclass of all that determines the shapes of the two networks; its fields are what JSON can hold."""

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        ...

    @property
    def latent(self) -> int:
        """Length of a latent."""
        ...

    def build(self, seed: int) -> tuple[nn.Module, nn.Module]:
        """Return a new generator and discriminator; the global random state is left alone."""
        ...

    def example(self) -> Tensor:
        """Return one input (1, ...) of zeros, by which costs are counted."""
        ...


class Augment(Protocol):
    """What real and generated inputs pass through on their way to the discriminator."""

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw what happens to n inputs, each operation with probability p, a number or a scalar tensor: (n, A)."""
        ...

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Apply the draws (n, A) to inputs (n, ...), differentiably."""
        ...


class Teacher(Protocol):
    """A small classifier that scores generated samples, trained on real ones."""

    def predict_proba(self, samples: Samples) -> Floats:
        """Return class probabilities (n, K)."""
        ...

    def features(self, samples: Samples) -> Floats:
        """Return features (n, F) in which Euclidean distance means likeness."""
        ...


Extractor = Callable[[Samples], Floats]  # samples (n) to features (n, F)


def checked_features(features: Any, n: int, name: str) -> Floats:
    """Return features (n, F) as an array; `ConfigError` unless they are finite numbers of that shape."""
    found = np.asarray(features, np.float32)
    if found.ndim != 2 or len(found) != n or not np.isfinite(found).all():
        raise ConfigError(
            f"fidelity.extractor {name} made an array of shape {found.shape} from {n} samples; "
            "it must return finite numbers of shape (samples, features)"
        )
    return found


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
    moves_thresholds: ClassVar[bool] = False  # whether validation rows choose how probable a class has to be
    classifiers: ClassVar[tuple[str, ...]] = ()  # names of downstream classifiers, the default first

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
        """Size the networks: ``params`` has conditioning, width and depth, ``anchors`` the rows that own a latent."""

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
    def preview(self, samples: Samples, spec: Spec, alt: str, columns: int, budget: int) -> Html:
        """Return HTML that shows samples: pictures, players, rows, sentences.

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
    def show_grid(self, path: Path, alt: str) -> Html:
        """Return HTML that shows a file which `save_grid` wrote; `DataError` where it is none."""

    def compare(self, training: Samples, samples: Mapping[str, Samples], spec: Spec, seed: int) -> dict[str, Any]:
        """Say what else there is to say of kept samples beside real ones, as JSON holds it.

        Parameters
        ----------
        training : Samples
            The training rows.
        samples : mapping
            ``reference`` and ``real_vs_real``, two samples of real rows, and ``after``, of kept ones.
        spec : Spec
            What they share.
        seed : int
            Of what is random.
        """
        return {}

    def show_comparison(self, found: Mapping[str, Any]) -> Html | None:
        """Return HTML that shows what `compare` found; None where there is nothing to show."""
        return None

    def picture(self, path: Path, strips: Sequence[tuple[str, Samples]], spec: Spec) -> None:
        """Draw a picture of some named samples for each class; `DataError` where there is none of such samples."""
        raise DataError(f"there is no picture of {self.unit}: leave it out")
