"""Record what aeon's MiniRocket makes of made-up signals; run where aeon is installed: it needs an older NumPy."""

from pathlib import Path

import aeon
import numpy as np
from aeon.transformations.collection.convolution_based import MiniRocket


def signals(n: int, channels: int, length: int) -> np.ndarray:
    random = np.random.default_rng(n * channels)
    return random.standard_normal((n, channels, length)).cumsum(2).astype(np.float32)


if __name__ == "__main__":
    found: dict[str, np.ndarray] = {"aeon": np.array(aeon.__version__)}
    for name, X in (("single", signals(6, 1, 60)), ("several", signals(5, 4, 41))):
        for part, rows in (("one", X[:1]), ("all", X)):
            transform = MiniRocket(n_kernels=84 * 6, random_state=0).fit(rows)
            per, channels, dilations, counts, biases = transform.parameters
            made = {"dilations": dilations, "counts": counts, "biases": biases, "per": per, "channels": channels}
            found |= {f"{name}.{part}.{key}": value for key, value in made.items()}
            found[f"{name}.{part}.features"] = np.asarray(transform.transform(X), np.float32)
        found[f"{name}.X"] = X
    np.savez_compressed(Path(__file__).with_name("minirocket.npz"), **found)
