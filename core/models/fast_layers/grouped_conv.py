"""Grouped convolution as one plain convolution per group, for TensorFlow on a CPU.

TensorFlow cannot train a grouped convolution on a CPU, and Keras compiles it by XLA there, which is
slow: with two groups a small model trained on 457 images per second instead of 33 in 32 bits and on
607 instead of 21 in bfloat16, with 24 groups on a hundred times as many (one core, once, beside
other work; `make bench ONLY=grouped_conv` measures it).
"""

from __future__ import annotations

from typing import Any

import keras

from core.models.fast_layers import is_tensorflow_on_cpu, saved_as


@saved_as(keras.layers.Conv2D)
class _SplitGroupsConv2D(keras.layers.Conv2D):
    """Keras' layer with the same weights and saved form, one convolution per group.

    Its numbers differ from Keras' only by rounding: the order of additions may differ.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve (batch, height, width, channels) with a kernel (height, width, channels /
        groups, filters): each group of filters reads its own channels.
        """
        channels = keras.ops.split(inputs, self.groups, axis=-1)
        kernels = keras.ops.split(kernel, self.groups, axis=-1)
        maps = [
            super(_SplitGroupsConv2D, self).convolution_op(*each)
            for each in zip(channels, kernels, strict=True)
        ]
        return keras.ops.concatenate(maps, axis=-1)


def conv2d(filters: int, *, groups: int, **arguments: Any) -> keras.layers.Layer:
    """The fastest convolution in ``groups``, of channels that come last."""
    layer = _SplitGroupsConv2D if groups > 1 and is_tensorflow_on_cpu() else keras.layers.Conv2D
    return layer(filters, groups=groups, **arguments)
