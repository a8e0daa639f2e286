from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris

from ganaug.config import EvaluateParams, Mixing, names
from ganaug.config.names import MOST_TRIALS
from ganaug.data.rows import Schema
from ganaug.errors import ConfigError
from ganaug.evaluation.downstream.arms import ARMS, RealRows, Setting, arms_named, candidates, references, resolved
from ganaug.modalities import modality_named
from ganaug.modalities.image.estimators import make_estimator
from ganaug.modalities.image.schema import image_schema

MIXINGS = EvaluateParams().mixing


def test_contenders_are_told_from_what_explains_them():
    arms = modality_named("image").arms
    rare = [name for name in arms if ARMS[name].where]
    half = len(rare) // 2
    assert rare == list(names.IMAGE_ARMS)
    assert references(arms) == ["real", "classical", "mixup", *rare[:half]]
    assert candidates(arms) == ["gan", "classical_gan", "mixup_gan", *rare[half:]]
    assert [f"{name}_gan" for name in rare[:half]] == rare[half:]
    assert set(arms) == {*names.ARMS, *names.IMAGE_ARMS}
    explaining = {name for name in names.ARMS if not ARMS[name].first_look}
    assert explaining == {"oracle", "unfiltered", "shuffled"}
    own = {*names.TABLE_ARMS, *names.SIGNAL_ARMS, *names.SOUND_ARMS, *names.TEXT_ARMS}
    assert own == set(ARMS) - set(arms)


def test_arms_for_rare_classes_join_where_all_repeats_have_such():
    schema = image_schema(8, 8, 1, ("common", "rare"))
    few, equal = np.repeat([0, 1], [40, 2]), np.repeat([0, 1], [40, 30])

    def arms(which: str, *labels: np.ndarray) -> set[str]:
        rows = [RealRows(codes, np.full(len(codes), None, object)) for codes in labels]
        return set(resolved(EvaluateParams(arms=which), schema, rows).arms)

    rare = set(names.IMAGE_ARMS)
    assert not arms("all", equal, equal) & rare
    assert not arms("all", few, equal) & rare
    assert not arms("all") & rare
    of_groups = {"group_balanced", "fourier"}
    assert rare - arms("all", few, few) == of_groups | {f"{name}_gan" for name in of_groups}
    embedded = {"embedding_logistic", "feature_transfer"}
    assert arms("auto", few) & rare == embedded | {f"{name}_gan" for name in embedded}
    assert resolved(EvaluateParams(arms=("prototypes",)), schema).arms == ("prototypes",)


def test_smote_joins_where_every_class_has_two_rows():
    table = modality_named("table")
    spec = table.infer(load_iris(as_frame=True).data)[1]

    def arms(*counts: int) -> set[str]:
        codes = np.repeat([0, 1, 2], counts)
        rows = RealRows(codes, np.full(len(codes), None, object))
        return set(resolved(EvaluateParams(arms="all"), Schema(table, spec, ("a", "b", "c")), [rows]).arms)

    assert arms(20, 2, 20) - arms(20, 1, 20) == {"smote"}


def test_arms_for_groups_join_where_groups_lack_classes_in_all_repeats():
    schema = image_schema(8, 8, 1, ("a", "b"))
    labels = np.repeat([0, 1, 0, 1], 20)
    sites = np.repeat(np.array(["x", "y"], object), 40)
    whole, none = RealRows(labels, sites), RealRows(labels, np.full(80, None, object))
    lacking = RealRows(labels[:60], sites[:60])
    partly, other = (RealRows(labels[:60], np.append(sites[:59], missing)) for missing in (None, np.nan))

    def arms(which: str, *rows: RealRows) -> set[str]:
        return set(resolved(EvaluateParams(arms=which), schema, rows).arms) & set(names.IMAGE_ARMS)

    assert arms("auto", lacking, lacking) == {"fourier", "fourier_gan"}
    assert arms("all", lacking) == {"fourier", "fourier_gan", "group_balanced", "group_balanced_gan"}
    for others in ([whole], [none], [partly], [other], [lacking, whole], []):
        assert not arms("all", *others)


CLASSIFIERS = (
    "small_cnn",
    "sklearn.linear_model.LogisticRegression(C=10)",
    "sklearn.ensemble.RandomForestClassifier()",
    "sklearn.naive_bayes.GaussianNB()",
)
SAME = [Mixing(), Mixing(min_confidence=0.5)]


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("arm", list(ARMS))
@pytest.mark.parametrize("trials", [1, 2, MOST_TRIALS])
def test_every_arm_has_as_many_different_settings_for_every_classifier(arm, trials, classifier):
    settings = ARMS[arm].tried(MIXINGS, trials)
    assert len(settings) == trials
    assert len({what_is_trained(classifier, setting) for setting in settings}) == trials
    plain = ARMS[arm].tried(MIXINGS, trials, augments=False)
    assert len({what_is_trained(classifier, setting) for setting in plain}) == trials
    assert all(setting.strength == 0 for setting in plain)


def what_is_trained(classifier: str, setting: Setting) -> str:
    """All that a classifier's training takes from a setting."""
    if classifier == "small_cnn":
        return repr(setting)
    without_rate = replace(setting, learning_rate=0.0)
    return f"{make_estimator(classifier, setting).get_params()} {without_rate}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"mixing": [Mixing(share=0)], "trials": 1, "arms": "all"},
            "lists 0 ways in which synthetic rows enter.*shuffled",
        ),
        (
            {"mixing": [Mixing(share=0.1), Mixing()], "trials": 2, "arms": ("shuffled",)},
            "lists 1 ways in which synthetic rows enter",
        ),
        (
            {"mixing": [Mixing(share=0.1)], "trials": 2, "arms": ["real", "gan"]},
            "lists 1 ways: every arm is tuned alike",
        ),
        (
            {"mixing": [Mixing(), Mixing(min_confidence=0.5)], "trials": 1},
            r"mixing\[1\] does the same as .*mixing\[0\]",
        ),
    ],
)
def test_entries_that_would_not_tune_every_arm_alike_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        EvaluateParams(**options)


def test_a_row_without_weight_is_no_way_to_enter():
    with pytest.raises(ConfigError, match=r"weight is 0.*above 0"):
        Mixing(pretrain=0.5, weight=0)


def test_settings_keep_what_makes_the_arm():
    tried = {name: arm.tried(MIXINGS, MOST_TRIALS) for name, arm in arms_named(ARMS).items()}
    assert all(s.mixup > 0 and s.strength > 0 for name in ("mixup", "mixup_gan") for s in tried[name])
    assert all(s.strength > 0 == s.mixup for name in ("classical", "classical_gan", "oracle") for s in tried[name])
    assert all(s.strength == 0 for name in ("real", "gan", "synthetic") for s in tried[name])
    assert all(s.synthetic for s in tried["shuffled"])
    assert any(not s.synthetic for s in tried["classical_gan"][:2])
