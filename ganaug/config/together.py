"""Values of parameters that are right alone and mean nothing together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ganaug.errors import ConfigError

if TYPE_CHECKING:
    from ganaug.config.sections import Params
    from ganaug.modalities.base import Modality

ADAPT_TO_NOTHING = ("none", "diffaugment")
ONE_IN = 4  # that of `ganaug.gan.latents`, which loads torch


def check_together(chosen: Mapping[str, Any]) -> None:
    """Refuse parameters of the GAN that contradict one another.

    Parameters
    ----------
    chosen : mapping
        The parameters of `ganaug.config.TrainGanParams` by name, each of its kind.

    Raises
    ------
    ConfigError
        Two of them mean nothing together.
    """
    for check in (_adaptive, _critic, _patience, _anchored):
        check(chosen)


def check_cells(policy: str, generator: str, per_class: int | str) -> None:
    """Refuse (`ConfigError`) what other sections say where ``merge.policy`` fills cells."""
    if policy != "cells":
        return
    if generator != "translation":
        raise ConfigError(
            f"merge.policy is 'cells', which takes the style of a group, and train_gan.generator is {generator!r}: set "
            "it to 'translation', or choose another policy"
        )
    if per_class != "auto":
        raise ConfigError(
            f"generate.per_class is {per_class}, but merge.policy 'cells' counts rows of a class in a group: write auto"
        )


def check_styled(params: Params, modality: Modality) -> None:
    """Refuse (`ConfigError`) to fill cells, before anything is trained, with samples that have no style."""
    if params.merge.policy == "cells" and not modality.styled:
        raise ConfigError(
            f"merge.policy is 'cells', which takes the style of a group, and {modality.unit} have none here: choose "
            "another policy"
        )


def _adaptive(chosen: Mapping[str, Any]) -> None:
    """An augmentation that adapts reads overfitting from the sign of logits, whose zero the objective has to fix."""
    if chosen["augmentation"] in ADAPT_TO_NOTHING:
        return
    from ganaug.gan.augmentation import AUGMENTATIONS  # here, as they load more than a parameter file needs
    from ganaug.gan.losses import OBJECTIVES

    adaptive = getattr(AUGMENTATIONS[chosen["augmentation"]], "reads_signs", False)
    if adaptive and not OBJECTIVES[chosen["objective"]].bounded:
        known = [name for name in OBJECTIVES if OBJECTIVES[name].bounded]
        raise ConfigError(
            f"augmentation {chosen['augmentation']!r} adapts to the sign of the discriminator's logits, which says "
            f"nothing under the objective {chosen['objective']!r}: choose augmentation 'diffaugment', or an objective "
            f"among {', '.join(known)}"
        )


def _critic(chosen: Mapping[str, Any]) -> None:
    """A critic that nothing holds back may tell rows apart by as much as it likes."""
    if chosen["objective"] == "wasserstein_gp" and (chosen["penalty"] == "none" or chosen["penalty_weight"] == 0):
        raise ConfigError(
            "objective 'wasserstein_gp' has no bound without a penalty: choose penalty 'auto' and a penalty_weight "
            "above 0, or another objective"
        )


def _patience(chosen: Mapping[str, Any]) -> None:
    if chosen["patience"] is not None and chosen["criterion"] == "none":
        raise ConfigError(
            f"patience is {chosen['patience']}, but criterion 'none' leaves nothing to be patient about: choose a "
            "criterion, or leave patience out"
        )


def _anchored(chosen: Mapping[str, Any]) -> None:
    if chosen["prior"] == "anchored" and chosen["batch_size"] < ONE_IN:
        raise ConfigError(
            f"prior 'anchored' makes one row in {ONE_IN} of an anchor, and batch_size is {chosen['batch_size']}: give "
            f"{ONE_IN} or more, or choose prior 'normal'"
        )
