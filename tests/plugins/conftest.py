from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pools import CLASSES, IMAGES, OPTIONS, PER_CLASS

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter
from ganaug.modalities.image.schema import image_schema


@pytest.fixture(scope="module")
def make_pool(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Write pools in which pixel 0 of an image says which it is: 0 to 39 are cats, 40 to 79 dogs, none is "empty"."""
    folder = tmp_path_factory.mktemp("pools")

    def make(*shape: int) -> str:
        path = folder / f"{shape}.parquet"
        if not path.exists():
            images = np.random.default_rng(0).integers(0, 256, (2 * PER_CLASS, *shape), dtype=np.uint8)
            images[:, 0, 0, 0] = np.arange(2 * PER_CLASS)
            labels = np.repeat([0, 1], PER_CLASS)
            with RowWriter(path, image_schema(*shape, CLASSES)) as writer:
                writer.write(Rows.build(writer.schema, images, labels, synthetic=True))
        return str(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield make


@pytest.fixture(scope="module")
def pool(make_pool: Callable[..., str]) -> str:
    return make_pool(8, 8, 3)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hardly trained model of translation, whose versions differ with the style."""
    folder = tmp_path_factory.mktemp("model")
    GANAugmenter(generator="translation", **OPTIONS).fit(IMAGES, np.arange(12) % 3).save(folder)
    return folder
