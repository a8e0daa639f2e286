"""Names and numbers of modules that load torch, repeated so that reading a parameter file is quick; a test compares."""

from __future__ import annotations

MODALITIES = ("image", "signal", "sound", "table", "text")
GENERATORS = ("latent", "translation")
OBJECTIVES = ("relativistic", "non_saturating", "hinge", "least_squares", "minimax", "wasserstein_gp")
PENALTIES = ("r1_r2", "r1", "r2", "gradient_penalty", "lecam", "none")
CONDITIONINGS = ("projection", "acgan", "concat")
AUGMENTATIONS = ("diffaugment", "ada", "none")
CRITERIA = ("accuracy", "kid")
PRIORS = ("auto", "anchored", "normal")
INVARIANCES = (
    "translate", "scale", "brightness", "contrast",
    "cutout", "flip_horizontal", "flip_vertical", "rotate", "saturation",
)  # fmt: skip
SIGNAL_INVARIANCES = ("jitter", "shift")  # also of sounds; beside "scale", which images have, too
ALL_INVARIANCES = (*INVARIANCES, *SIGNAL_INVARIANCES)
CLASSICAL = ("flip_horizontal", "flip_vertical", "rotate", "saturation")
PRECISIONS = ("auto", "32-true", "bf16-mixed")
ARMS = (
    "real", "classical", "mixup", "oracle",
    "gan", "classical_gan", "mixup_gan", "unfiltered", "shuffled", "synthetic",
)  # fmt: skip
IMAGE_ARMS = (
    "logit_adjusted", "deferred", "group_balanced", "fourier", "prototypes", "embedding_logistic", "feature_transfer",
    "logit_adjusted_gan", "deferred_gan", "group_balanced_gan", "fourier_gan", "prototypes_gan",
    "embedding_logistic_gan", "feature_transfer_gan",
)  # fmt: skip
TABLE_ARMS = (
    "class_weights", "prior", "balanced_forest", "random_over", "smote", "mixup_within", "prior_gan",
)  # fmt: skip
SIGNAL_ARMS = ("dtw_smote",)
SOUND_ARMS = ("spec_augment",)
TEXT_ARMS = ("aeda", "ngram", "masked_lm", "pseudo_labels")  # the last of any samples, where it is named
EXTRACTORS = ("in_domain", "efficientnet_lite0")
EXPORTS = (  # of a modality
    "image.image_folder", "image.webdataset", "image.csv", "signal.npz", "signal.parquet", "signal.ts",
    "sound.flac_folder", "sound.wav_folder", "sound.npz", "table.csv", "table.parquet",
    "text.csv", "text.jsonl", "text.text_folder",
)  # fmt: skip
MOST_TRIALS = 6
MOST_ROWS = 10**9  # of a class
LOOKS = 10  # at the criterion
MAX_SIDE, MIN_SIDE = 512, 8  # pixels
PRESETS = {  # repeats, settings tried for each arm, and the arms: a first look does without those that only explain
    "quick": (3, 2, "auto"),
    "standard": (10, 4, "all"),
    "publish": (20, 6, "all"),
}
