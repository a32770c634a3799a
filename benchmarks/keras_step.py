"""Seconds per training step of the published networks in Keras, and peak memory: what `against_keras.py` compares with.

    python benchmarks/keras_step.py --steps 3

Needs tensorflow-cpu (2.21) and nothing of this package, so it may have an environment of its own. fp32, batch 32, the
losses of preset `paper`, each update traced once as a tf.function. Pictures are noise.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time

import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

SIDE_PX, LATENT_SIZE, AFFECTS, BATCH_SIZE = 128, 128, 7, 32
GENERATOR_PARAMETERS, DISCRIMINATOR_PARAMETERS = 35_889_923, 2_232_584
RECONSTRUCTION, KL = 100.0, 0.01
NORMAL = keras.initializers.RandomNormal(stddev=0.02)


def halve(width: int) -> layers.Layer:
    return layers.Conv2D(width, 4, strides=2, padding="same", use_bias=False, kernel_initializer=NORMAL)


def double(width: int, bias: bool = False) -> layers.Layer:
    return layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=bias, kernel_initializer=NORMAL)


def encoder() -> keras.Model:
    """images [batch, 128, 128, 3] and affects [batch, 7] -> latent_mean and latent_log_sigma [batch, 128]."""
    images, affect = keras.Input((SIDE_PX, SIDE_PX, 3)), keras.Input((AFFECTS,))
    plane = layers.Reshape((SIDE_PX, SIDE_PX, 1))(layers.Dense(SIDE_PX**2, activation="relu")(affect))
    features = layers.LeakyReLU(0.3)(halve(128)(layers.Concatenate()([images, plane])))
    for width in (256, 512, 512, 512, 512):
        features = layers.LeakyReLU(0.3)(layers.BatchNormalization()(halve(width)(features)))
    features = layers.Flatten()(layers.BatchNormalization()(halve(128)(features)))
    heads = layers.Dense(LATENT_SIZE)(features), layers.Dense(LATENT_SIZE, kernel_initializer="zeros")(features)
    return keras.Model([images, affect], heads)


def decoder() -> keras.Model:
    """latents [batch, 128] and affects [batch, 7] -> images [batch, 128, 128, 3]."""
    latent, affect = keras.Input((LATENT_SIZE,)), keras.Input((AFFECTS,))
    affect_code = layers.Dense(256, activation="relu")(layers.Dense(64)(affect))
    character_code = layers.Dense(256, activation="relu")(latent)
    features = layers.Reshape((1, 1, 512))(layers.Concatenate()([affect_code, character_code]))
    for stage, width in enumerate((512, 512, 512, 512, 256, 128)):
        features = layers.BatchNormalization()(double(width)(features))
        features = layers.ReLU()(layers.Dropout(0.5)(features) if stage < 3 else features)
    return keras.Model([latent, affect], layers.Activation("tanh")(double(3, bias=True)(features)))


def discriminator() -> keras.Model:
    """images [batch, 128, 128, 3] -> real logit [batch, 1], affect logits [batch, 7]."""
    images = keras.Input((SIDE_PX, SIDE_PX, 3))
    features = layers.LeakyReLU(0.3)(halve(64)(images))
    for width in (128, 512):
        features = layers.LeakyReLU(0.3)(layers.BatchNormalization()(halve(width)(features)))
    features = layers.Flatten()(features)
    return keras.Model(images, [layers.Dense(1)(features), layers.Dense(AFFECTS)(features)])


class Trainer:
    """The two updates of a step."""

    def __init__(self) -> None:
        self.encoder, self.decoder, self.discriminator = encoder(), decoder(), discriminator()
        self.generator_weights = self.encoder.trainable_variables + self.decoder.trainable_variables
        self.generator_optimizer, self.discriminator_optimizer = (keras.optimizers.Adam(2e-4, 0.5) for _ in range(2))

    @tf.function
    def step(self, images: tf.Tensor, targets: tf.Tensor, affect: tf.Tensor) -> None:
        """`images`, `targets`: [batch, 128, 128, 3]; `affect`: [batch, 7]."""
        with tf.GradientTape(persistent=True) as tape:
            mean, log_sigma = self.encoder([images, affect], training=True)
            latent = mean + tf.exp(log_sigma) * tf.random.normal(tf.shape(mean))
            drawn = self.decoder([latent, affect], training=True)
            real, named = self.discriminator(tf.concat([targets, tf.stop_gradient(drawn)], 0), training=True)
            right = tf.concat([tf.ones((BATCH_SIZE, 1)), tf.zeros((BATCH_SIZE, 1))], 0)
            discriminator_loss = _told(real, right) * 2 + _named(named[:BATCH_SIZE], affect)
            fooled, shown = self.discriminator(drawn, training=False)
            divergence = 0.5 * (mean**2 + tf.exp(2 * log_sigma) - 1) - log_sigma
            generator_loss = (
                _told(fooled, tf.ones((BATCH_SIZE, 1)))
                + _named(shown, affect)
                + RECONSTRUCTION * tf.reduce_mean(tf.abs(drawn - targets))
                + KL * tf.reduce_mean(tf.reduce_sum(divergence, 1))
            )
        weights = self.discriminator.trainable_variables
        gradients = tape.gradient(discriminator_loss, weights), tape.gradient(generator_loss, self.generator_weights)
        self.discriminator_optimizer.apply_gradients(zip(gradients[0], weights, strict=True))
        self.generator_optimizer.apply_gradients(zip(gradients[1], self.generator_weights, strict=True))


def _told(logits: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(answers, logits))


def _named(logits: tf.Tensor, affect: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(affect, logits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    trainer = Trainer()
    counted = [sum(int(tf.size(one)) for one in weights) for weights in (
        trainer.generator_weights, trainer.discriminator.trainable_variables)]  # fmt: skip
    if counted != [GENERATOR_PARAMETERS, DISCRIMINATOR_PARAMETERS]:
        sys.exit(f"the networks have {counted} parameters, the published ones {GENERATOR_PARAMETERS:,} and "
                 f"{DISCRIMINATOR_PARAMETERS:,}")  # fmt: skip
    images, targets = (tf.random.uniform((BATCH_SIZE, SIDE_PX, SIDE_PX, 3), -1.0, 1.0) for _ in range(2))
    affect = tf.one_hot(tf.range(BATCH_SIZE) % AFFECTS, AFFECTS)
    durations = []
    for _ in range(options.steps + 2):
        started = time.perf_counter()
        trainer.step(images, targets, affect)
        durations.append(time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": sorted(durations[2:])[options.steps // 2], "memory_gib": memory}))


if __name__ == "__main__":
    main()
