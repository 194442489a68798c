"""The primitive layers of every model: shapes, parameters and FLOPs by arithmetic, without Keras.

FLOPs are those of one forward pass of one image. A multiply and an add count as two, and
convolutions and dense layers are counted, padding included; biases, normalisation,
activations and pooling are not, as usual, because they are a few operations per value.

To add a layer: its arithmetic, a line here, and a line in ``core.models.builder.LAYERS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.models.ops.backbone import backbone, own_model, resize
from core.models.ops.convolution import conv2d, depthwise_conv2d
from core.models.ops.dense import batch_norm, dense, group_norm, layer_norm
from core.models.ops.facts import Config, Facts, Op, OpDoesNotFit, Shape, Window
from core.models.ops.merge import add, channel_slice, concatenate, unchanged
from core.models.ops.pooling import flatten, global_pool, pool

OPS: Mapping[str, Op] = MappingProxyType(
    {
        "rescaling": Op("Rescaling", unchanged),
        "standardization": Op("Normalization", unchanged),
        "random_flip": Op("RandomFlip", unchanged, training_only=True),
        "random_translation": Op("RandomTranslation", unchanged, training_only=True),
        "random_rotation": Op("RandomRotation", unchanged, training_only=True),
        "random_zoom": Op("RandomZoom", unchanged, training_only=True),
        "random_erasing": Op("RandomErasing", unchanged, training_only=True),
        "resize": Op("Resizing", resize),
        "scale_and_shift": Op("Rescaling", unchanged),
        "backbone": Op("Functional", backbone),
        "own_model": Op("Functional", own_model),
        "conv2d": Op("Conv2D", conv2d),
        "depthwise_conv2d": Op("DepthwiseConv2D", depthwise_conv2d),
        "batch_norm": Op("BatchNormalization", batch_norm),
        "layer_norm": Op("LayerNormalization", layer_norm),
        "group_norm": Op("GroupNormalization", group_norm),
        "activation": Op("Activation", unchanged),
        "max_pool": Op("MaxPooling2D", pool),
        "average_pool": Op("AveragePooling2D", pool),
        "global_average_pool": Op("GlobalAveragePooling2D", global_pool),
        "global_max_pool": Op("GlobalMaxPooling2D", global_pool),
        "flatten": Op("Flatten", flatten),
        "dense": Op("Dense", dense),
        "dropout": Op("Dropout", unchanged, training_only=True),
        "spatial_dropout": Op("SpatialDropout2D", unchanged, training_only=True),
        "stochastic_depth": Op("Dropout", unchanged, training_only=True),
        "channel_slice": Op("Cropping2D", channel_slice),
        "add": Op("Add", add),
        "concatenate": Op("Concatenate", concatenate),
    }
)
"""Every primitive layer by name."""

__all__ = ["OPS", "Config", "Facts", "Op", "OpDoesNotFit", "Shape", "Window"]
