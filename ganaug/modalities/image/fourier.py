"""Rows of classes that a group lacks, in the look of its rows: what can be had there without a generator."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.modalities.training import TrainingRows
from ganaug.utils.samples import at_a_time, concat, take

FOURIER = "fourier"  # `ganaug.modalities.training.Setting.method`
REACH = 0.05, 0.15  # of the lowest frequencies that change, as shares of the shorter side
AT_A_TIME = 1024  # images

Images = NDArray[np.uint8]


def swap_amplitudes(images: Images, references: Images, reach: NDArray[np.float64]) -> Images:
    """Give images the amplitudes that others have at low frequencies, and leave phases as they are.

    Parameters
    ----------
    images, references : uint8 array (n, H, W, C)
        What is changed, and what lends its look. Transparency, the fourth channel, stays.
    reach : float array (n,)
        How many frequencies change, as a share of the shorter side.

    Returns
    -------
    uint8 array (n, H, W, C)

    References
    ----------
    Yang and Soatto, "FDA: Fourier Domain Adaptation for Semantic Segmentation", arXiv 2004.05498.
    """
    colours = images.shape[3] - (images.shape[3] == 4)
    own, other = (np.fft.fft2(each[..., :colours].astype(np.float64), axes=(1, 2)) for each in (images, references))
    border = (reach * min(images.shape[1:3])).astype(np.int64)[:, None]
    frequencies = (np.rint(np.fft.fftfreq(side) * side) for side in images.shape[1:3])
    down, across = (np.abs(each) <= border for each in frequencies)
    low = (down[:, :, None] & across[:, None, :])[..., None]
    changed = np.where(low, np.abs(other), np.abs(own)) * np.exp(1j * np.angle(own))
    found = images.copy()
    found[..., :colours] = np.fft.ifft2(changed, axes=(1, 2)).real.round().clip(0, 255)
    return found


def fill_cells(rows: TrainingRows, seed: int) -> TrainingRows:
    """Add to each real row of a class that some group lacks a copy in the look of a row of such a group, by chance.

    Where no group lacks a class that others have, there is nothing to add.
    """
    random = np.random.default_rng(seed)
    real = pd.DataFrame({"label": rows.labels, "group": rows.groups})[~rows.synthetic].dropna()
    counts = pd.crosstab(real["label"], real["group"])
    contents, styles = [], []
    for label, there in counts.iterrows():
        own = real.index[real["label"] == label].to_numpy()
        lacking = there.index[there == 0].to_numpy()
        if len(lacking):
            for group, n in zip(*np.unique(random.choice(lacking, len(own)), return_counts=True), strict=True):
                styles.append(random.choice(real.index[real["group"] == group].to_numpy(), n))
            contents.append(random.permutation(own))
    if not contents:
        return rows
    content, style = np.concatenate(contents), np.concatenate(styles)
    reach = random.uniform(*REACH, len(content))
    made = np.empty((len(content), *rows.samples.shape[1:]), np.uint8)
    size = at_a_time(AT_A_TIME, made[0].size)
    for some in (slice(start, start + size) for start in range(0, len(content), size)):  # spectra are large
        made[some] = swap_amplitudes(take(rows.samples, content[some]), take(rows.samples, style[some]), reach[some])
    return TrainingRows(
        concat([rows.samples, made]),
        np.append(rows.labels, rows.labels[content]),
        np.append(rows.synthetic, np.zeros(len(content), bool)),
        np.append(rows.confidence, np.ones(len(content), np.float32)),
        np.append(rows.ids, np.full(len(content), "", object)),
        np.append(rows.groups, rows.groups[style]),
    )
