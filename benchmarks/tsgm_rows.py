"""Signals of tsgm's conditional GAN for `benchmarks/signals.py`, run by the Python of an environment of its own.

tsgm (0.1.0, Apache-2.0) takes half a gigabyte beside Keras: nothing of ganaug imports it, and it is installed for the
run only (`python -m venv DIR && DIR/bin/pip install tsgm "pandas<3" tensorflow-cpu tensorflow-probability tf-keras`;
its statsmodels does not know pandas 3).

Usage: DIR/bin/python benchmarks/tsgm_rows.py TRAIN.npz OUT.npz --rows 100 --epochs 1000 --seed 0

TRAIN.npz has X (n, channels, time) and codes y (n,); OUT.npz gets as many of each class as are asked for, as they come.
All is as in its tutorial of conditional GANs: the architecture ``cgan_base_c4_l1``, latents of 64, batches of 128 (so
an epoch of fewer signals is one step), Adam at 2e-4 with beta 0.5, binary cross entropy, features scaled to [-1, 1].
"""

from __future__ import annotations

import argparse
import os

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")

import keras
import numpy as np
import tensorflow as tf
import tsgm

LATENT, BATCH = 64, 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("out")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    keras.utils.set_random_seed(arguments.seed)
    with np.load(arguments.train) as given:
        signals, codes = given["X"].transpose(0, 2, 1), given["y"]
    scaler = tsgm.utils.TSFeatureWiseScaler((-1, 1))
    scaled = scaler.fit_transform(signals).astype(np.float32)
    classes = int(codes.max()) + 1
    networks = tsgm.models.architectures.zoo["cgan_base_c4_l1"](
        seq_len=signals.shape[1], feat_dim=signals.shape[2], latent_dim=LATENT, output_dim=classes
    )
    gan = tsgm.models.cgan.ConditionalGAN(networks.discriminator, networks.generator, LATENT)
    adams = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
    gan.compile(*adams, loss_fn=keras.losses.BinaryCrossentropy())
    labels = keras.utils.to_categorical(codes, classes).astype(np.float32)
    batches = tf.data.Dataset.from_tensor_slices((scaled, labels)).shuffle(1024, arguments.seed).batch(BATCH)
    gan.fit(batches, epochs=arguments.epochs, verbose=0)
    wanted = np.arange(classes).repeat(arguments.rows)
    made = gan.generate(keras.utils.to_categorical(wanted, classes).astype(np.float32)).numpy()
    np.savez(arguments.out, X=scaler.inverse_transform(made).transpose(0, 2, 1), y=wanted)


if __name__ == "__main__":
    main()
