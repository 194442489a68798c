"""From a plan to a Keras model: one visible dict from primitive layer to Keras layer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import keras

from core.models.backbones.model import backbone_model
from core.models.fast_layers.batch_norm import batch_normalization
from core.models.fast_layers.channel_slice import channel_slice
from core.models.fast_layers.grouped_conv import conv2d
from core.models.graph import INPUT, Node, Plan
from core.models.input_layers import FILL_MODE
from core.models.own import own_model

# With 0.99, Keras' default, validation is meaningless for some 300 steps: ten epochs of a small
# data set. 0.9 needs less than one epoch, and is PyTorch's default.
BATCH_NORM_MOMENTUM = 0.9

# Below one grey level, standardising would only amplify noise.
_SMALLEST_STD = 1.0 / 255.0

# Explicit, because a person's keras.json may say channels_first.
_MAPS = {"data_format": "channels_last"}


@dataclass(frozen=True)
class BuildContext:
    """What layers are built with besides their nodes: the seed and the data set's statistics."""

    seed: int
    mean: Sequence[float] | None
    std: Sequence[float] | None


def build(
    plan: Plan,
    *,
    seed: int,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> keras.Model:
    """Build the model of a plan.

    Input: images (batch, height, width, channels) with values 0..255, uint8 or float; output:
    class probabilities (batch, classes) in float32. ``mean`` and ``std`` are the data set's,
    per channel on the scale 0..1; a standardised model needs them (else ValueError).
    Weights, dropout and augmentation follow from ``seed``; each layer has a seed of its own.
    Layers have the global dtype policy; scaling, augmentation and output are in float32.
    """
    context = BuildContext(seed, mean, std)
    images = keras.Input(plan.input_shape, name=INPUT, dtype="float32")
    outputs: dict[str, Any] = {INPUT: images}
    for node in plan.nodes:
        layer = LAYERS[node.op](node, context)
        inputs = [outputs[each] for each in node.inputs]
        outputs[node.name] = layer(inputs[0] if len(inputs) == 1 else inputs)
    return keras.Model(images, outputs[plan.output], name="network")


def layer_seed(seed: int, name: str) -> int:
    """A layer's own seed, the same in every process and on every machine."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _kernel(node: Node, context: BuildContext, prefix: str = "kernel") -> dict[str, Any]:
    """Initialiser, L1 and L2 of a layer's kernel, under the argument names of ``prefix``."""
    initializer = keras.initializers.get(
        {
            "class_name": node.config["kernel_initializer"],
            "config": {"seed": layer_seed(context.seed, node.name)},
        }
    )
    l1, l2 = node.config["l1"], node.config["l2"]
    return {
        f"{prefix}_initializer": initializer,
        f"{prefix}_regularizer": keras.regularizers.L1L2(l1, l2) if l1 or l2 else None,
    }


def _window(node: Node) -> dict[str, Any]:
    names = ("kernel_size", "strides", "padding", "dilation_rate", "use_bias")
    return {name: node.config[name] for name in names} | _MAPS


def _conv2d(node: Node, context: BuildContext) -> keras.layers.Layer:
    return conv2d(
        node.config["filters"],
        groups=node.config["groups"],
        name=node.name,
        **_window(node),
        **_kernel(node, context),
    )


def _depthwise_conv2d(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.DepthwiseConv2D(
        depth_multiplier=node.config["depth_multiplier"],
        name=node.name,
        **_window(node),
        **_kernel(node, context, "depthwise"),
    )


def _dense(node: Node, context: BuildContext) -> keras.layers.Layer:
    # In 16 bits small probabilities would be rounded to zero, and their loss to infinity.
    dtype = "float32" if node.config["activation"] == "softmax" else None
    return keras.layers.Dense(
        node.config["units"],
        activation=node.config["activation"],
        use_bias=node.config["use_bias"],
        name=node.name,
        dtype=dtype,
        **_kernel(node, context),
    )


def _batch_norm(node: Node, context: BuildContext) -> keras.layers.Layer:
    return batch_normalization(momentum=BATCH_NORM_MOMENTUM, name=node.name)


def _layer_norm(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.LayerNormalization(name=node.name)


def _group_norm(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.GroupNormalization(groups=node.config["groups"], name=node.name)


def _activation(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.Activation(node.config["activation"], name=node.name)


def _pool(layer: Callable[..., Any]) -> LayerFunction:
    return lambda node, context: layer(node.config["pool_size"], name=node.name, **_MAPS)


def _of_maps(layer: Callable[..., Any]) -> LayerFunction:
    return lambda node, context: layer(name=node.name, **_MAPS)


def _plain(layer: Callable[..., Any]) -> LayerFunction:
    return lambda node, context: layer(name=node.name)


def _dropout(node: Node, context: BuildContext) -> keras.layers.Layer:
    seed = layer_seed(context.seed, node.name)
    return keras.layers.Dropout(node.config["rate"], seed=seed, name=node.name)


def _spatial_dropout(node: Node, context: BuildContext) -> keras.layers.Layer:
    seed = layer_seed(context.seed, node.name)
    return keras.layers.SpatialDropout2D(node.config["rate"], seed=seed, name=node.name, **_MAPS)


def _stochastic_depth(node: Node, context: BuildContext) -> keras.layers.Layer:
    """Dropout of a whole branch per image: the branch is set to zero, or scaled up.

    It is Keras' own layer, so that a saved model loads wherever Keras is installed.
    """
    seed = layer_seed(context.seed, node.name)
    return keras.layers.Dropout(
        node.config["rate"], noise_shape=(None, 1, 1, 1), seed=seed, name=node.name
    )


def _channel_slice(node: Node, context: BuildContext) -> keras.layers.Layer:
    return channel_slice(**node.config, name=node.name)


def _rescaling(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.Rescaling(1.0 / 255.0, name=node.name, dtype="float32")


def _standardization(node: Node, context: BuildContext) -> keras.layers.Layer:
    """(x / 255 - mean) / std, as Keras' Normalization of the pixel values themselves."""
    if context.mean is None or context.std is None:
        raise ValueError("A standardised model needs the data set's mean and std. Got none.")
    return keras.layers.Normalization(
        mean=[255.0 * float(each) for each in context.mean],
        variance=[(255.0 * max(float(each), _SMALLEST_STD)) ** 2 for each in context.std],
        name=node.name,
        dtype="float32",
    )


def _resize(node: Node, context: BuildContext) -> keras.layers.Layer:
    side = node.config["side"]
    return keras.layers.Resizing(side, side, name=node.name, dtype="float32", **_MAPS)


def _scale_and_shift(node: Node, context: BuildContext) -> keras.layers.Layer:
    scale, offset = node.config["scale"], node.config["offset"]
    return keras.layers.Rescaling(scale, offset, name=node.name, dtype="float32")


def _backbone(node: Node, context: BuildContext) -> keras.layers.Layer:
    seed = layer_seed(context.seed, node.name)
    return backbone_model(node.config, node.config["side"], seed=seed, name=node.name)


def _own_model(node: Node, context: BuildContext) -> keras.layers.Layer:
    return own_model(node.config, name=node.name)


def _random(node: Node, context: BuildContext) -> dict[str, Any]:
    return {
        "seed": layer_seed(context.seed, node.name),
        "name": node.name,
        "dtype": "float32",
    } | _MAPS


def _random_flip(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.RandomFlip("horizontal", **_random(node, context))


def _random_translation(node: Node, context: BuildContext) -> keras.layers.Layer:
    factor = node.config["factor"]
    return keras.layers.RandomTranslation(
        factor, factor, fill_mode=FILL_MODE, **_random(node, context)
    )


def _random_rotation(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.RandomRotation(
        node.config["factor"], fill_mode=FILL_MODE, **_random(node, context)
    )


def _random_zoom(node: Node, context: BuildContext) -> keras.layers.Layer:
    return keras.layers.RandomZoom(
        node.config["factor"], fill_mode=FILL_MODE, **_random(node, context)
    )


def _random_erasing(node: Node, context: BuildContext) -> keras.layers.Layer:
    # Keras takes a random share of the area between two bounds, and its root for each side. Both
    # bounds are the square of the side, so that every image gets a square of exactly that side.
    area = node.config["side"] ** 2
    return keras.layers.RandomErasing(
        factor=(1.0, 1.0),
        scale=(area, area),
        fill_value=0.0,
        value_range=(0.0, 1.0),
        **_random(node, context),
    )


LayerFunction = Callable[[Node, BuildContext], keras.layers.Layer]

LAYERS: Mapping[str, LayerFunction] = MappingProxyType(
    {
        "rescaling": _rescaling,
        "standardization": _standardization,
        "random_flip": _random_flip,
        "random_translation": _random_translation,
        "random_rotation": _random_rotation,
        "random_zoom": _random_zoom,
        "random_erasing": _random_erasing,
        "resize": _resize,
        "scale_and_shift": _scale_and_shift,
        "backbone": _backbone,
        "own_model": _own_model,
        "conv2d": _conv2d,
        "depthwise_conv2d": _depthwise_conv2d,
        "batch_norm": _batch_norm,
        "layer_norm": _layer_norm,
        "group_norm": _group_norm,
        "activation": _activation,
        "max_pool": _pool(keras.layers.MaxPooling2D),
        "average_pool": _pool(keras.layers.AveragePooling2D),
        "global_average_pool": _of_maps(keras.layers.GlobalAveragePooling2D),
        "global_max_pool": _of_maps(keras.layers.GlobalMaxPooling2D),
        "flatten": _of_maps(keras.layers.Flatten),
        "dense": _dense,
        "dropout": _dropout,
        "spatial_dropout": _spatial_dropout,
        "stochastic_depth": _stochastic_depth,
        "channel_slice": _channel_slice,
        "add": _plain(keras.layers.Add),
        "concatenate": _plain(keras.layers.Concatenate),
    }
)
"""The Keras layer of every primitive layer in ``core.models.ops.OPS``."""
