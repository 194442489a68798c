"""The catalogue of data sets: names, shapes, classes. Light: it loads nothing.

To add one, write its `DatasetInfo` and add it to `DATASETS`. Its images come from its `origin`: a
loader of Keras, scikit-learn, or only a folder or zip file in the data folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.errors import UnknownDataset
from core.text import quote

LAYOUT = "train/<class>/<image> and test/<class>/<image>"
"""The layout of a folder or zip file of images; both may be in a folder named after the set."""


class Origin(StrEnum):
    """Where a data set comes from if the data folder has none of that name."""

    KERAS = "keras"
    SCIKIT_LEARN = "scikit-learn"
    FILES = "files"


@dataclass(frozen=True)
class DatasetInfo:
    """What is known about a data set without reading it.

    ``image_shape`` is (height, width, channels) in pixels, channels 1 (grey) or 3 (RGB).
    ``download_bytes`` is the size of its download, 0 if it needs none.
    """

    name: str
    title: str
    description: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train_size: int
    test_size: int
    source: str
    licence: str
    download_bytes: int
    origin: Origin
    layout: str = LAYOUT

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def folder_names(self) -> tuple[str, ...]:
        """The class names as folder names, with underscores for slashes ("T-shirt/top")."""
        return tuple(name.replace("/", "_") for name in self.class_names)


_DIGIT_NAMES = tuple(str(digit) for digit in range(10))

CIFAR10 = DatasetInfo(
    name="cifar10",
    title="CIFAR-10",
    description="Small colour photographs of ten kinds of vehicles and animals.",
    image_shape=(32, 32, 3),
    class_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    train_size=50_000,
    test_size=10_000,
    source="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence="Free for research and teaching; cite Krizhevsky, Learning Multiple Layers of "
    "Features from Tiny Images, 2009.",
    download_bytes=170_498_071,
    origin=Origin.KERAS,
)

CIFAR100 = DatasetInfo(
    name="cifar100",
    title="CIFAR-100",
    description="The same kind of photographs as CIFAR-10 in a hundred fine classes.",
    image_shape=(32, 32, 3),
    class_names=(
        "apple",
        "aquarium_fish",
        "baby",
        "bear",
        "beaver",
        "bed",
        "bee",
        "beetle",
        "bicycle",
        "bottle",
        "bowl",
        "boy",
        "bridge",
        "bus",
        "butterfly",
        "camel",
        "can",
        "castle",
        "caterpillar",
        "cattle",
        "chair",
        "chimpanzee",
        "clock",
        "cloud",
        "cockroach",
        "couch",
        "crab",
        "crocodile",
        "cup",
        "dinosaur",
        "dolphin",
        "elephant",
        "flatfish",
        "forest",
        "fox",
        "girl",
        "hamster",
        "house",
        "kangaroo",
        "keyboard",
        "lamp",
        "lawn_mower",
        "leopard",
        "lion",
        "lizard",
        "lobster",
        "man",
        "maple_tree",
        "motorcycle",
        "mountain",
        "mouse",
        "mushroom",
        "oak_tree",
        "orange",
        "orchid",
        "otter",
        "palm_tree",
        "pear",
        "pickup_truck",
        "pine_tree",
        "plain",
        "plate",
        "poppy",
        "porcupine",
        "possum",
        "rabbit",
        "raccoon",
        "ray",
        "road",
        "rocket",
        "rose",
        "sea",
        "seal",
        "shark",
        "shrew",
        "skunk",
        "skyscraper",
        "snail",
        "snake",
        "spider",
        "squirrel",
        "streetcar",
        "sunflower",
        "sweet_pepper",
        "table",
        "tank",
        "telephone",
        "television",
        "tiger",
        "tractor",
        "train",
        "trout",
        "tulip",
        "turtle",
        "wardrobe",
        "whale",
        "willow_tree",
        "wolf",
        "woman",
        "worm",
    ),
    train_size=50_000,
    test_size=10_000,
    source="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence="Free for research and teaching; cite Krizhevsky, Learning Multiple Layers of "
    "Features from Tiny Images, 2009.",
    download_bytes=169_001_437,
    origin=Origin.KERAS,
)

MNIST = DatasetInfo(
    name="mnist",
    title="MNIST",
    description="Handwritten digits, the data set of the LeNet-5 paper.",
    image_shape=(28, 28, 1),
    class_names=_DIGIT_NAMES,
    train_size=60_000,
    test_size=10_000,
    source="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0, Yann LeCun and Corinna Cortes.",
    download_bytes=11_490_434,
    origin=Origin.KERAS,
)

FASHION_MNIST = DatasetInfo(
    name="fashion_mnist",
    title="Fashion-MNIST",
    description="Grey images of clothes in the format of MNIST; harder than MNIST.",
    image_shape=(28, 28, 1),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    train_size=60_000,
    test_size=10_000,
    source="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT, Zalando SE.",
    download_bytes=30_878_645,
    origin=Origin.KERAS,
)

DIGITS = DatasetInfo(
    name="digits",
    title="Digits",
    description="Tiny handwritten digits that ship with scikit-learn: they need no download.",
    image_shape=(8, 8, 1),
    class_names=_DIGIT_NAMES,
    train_size=1437,
    test_size=360,
    source="https://archive.ics.uci.edu/dataset/80",
    licence="CC BY 4.0, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository.",
    download_bytes=0,
    origin=Origin.SCIKIT_LEARN,
)

DATASETS: Mapping[str, DatasetInfo] = MappingProxyType(
    {each.name: each for each in (CIFAR10, CIFAR100, MNIST, FASHION_MNIST, DIGITS)}
)
"""Every data set, in the order in which pages show them."""


def info(name: str, catalogue: Mapping[str, DatasetInfo] = DATASETS) -> DatasetInfo:
    """A data set by name. Raises UnknownDataset, which lists the known names."""
    try:
        return catalogue[name]
    except (KeyError, TypeError):
        known = ", ".join(catalogue)
        raise UnknownDataset(
            f"Unknown data set {quote(name)}. Expected one of {known}. "
            "To add one, see CONTRIBUTING.md."
        ) from None
