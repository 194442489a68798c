"""Grouped convolution as so many plain ones, where the engine has no good one of its own.

TensorFlow cannot train a grouped convolution on a CPU, and Keras has XLA do it there, which is
slow: with two groups a small network went through 457 images a second this way against 33 in 32
bits and 607 against 21 in bfloat16, with 24 groups a hundred times as many (one core, once, beside
other work; `make bench ONLY=grouped_conv` measures it).
"""

from __future__ import annotations

from typing import Any

import keras

from core.models.fast_layers import is_tensorflow_on_cpu, saved_as


@saved_as(keras.layers.Conv2D)
class _SplitGroupsConv2D(keras.layers.Conv2D):
    """Keras' layer with the same weights and saved form, one convolution a group.

    The numbers are Keras' own but for the order in which some engine adds them up.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Maps (batch, height, width, channels) by a kernel (height, width, channels / groups,
        filters): each group of filters looks at its own channels.
        """
        channels = keras.ops.split(inputs, self.groups, axis=-1)
        kernels = keras.ops.split(kernel, self.groups, axis=-1)
        maps = [
            super(_SplitGroupsConv2D, self).convolution_op(*each)
            for each in zip(channels, kernels, strict=True)
        ]
        return keras.ops.concatenate(maps, axis=-1)


def conv2d(filters: int, *, groups: int, **arguments: Any) -> keras.layers.Layer:
    """A convolution of channels that come last, in ``groups``, as quick as the engine can."""
    layer = _SplitGroupsConv2D if groups > 1 and is_tensorflow_on_cpu() else keras.layers.Conv2D
    return layer(filters, groups=groups, **arguments)
