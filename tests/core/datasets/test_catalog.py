"""The catalogue is complete, consistent and light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.datasets import catalog
from core.datasets.catalog import DATASETS, DatasetInfo
from core.errors import UnknownDataset
from core.settings import PROJECT_ROOT


@pytest.mark.parametrize("info", DATASETS.values(), ids=list(DATASETS))
def test_every_set_describes_itself_whole(info: DatasetInfo) -> None:
    assert DATASETS[info.name] is info
    assert len(set(info.folder_names)) == info.num_classes >= 10
    assert not any("/" in name for name in info.folder_names)
    assert info.image_shape[2] in (1, 3)
    assert info.title
    assert info.description
    assert info.licence
    assert info.train_size > info.test_size > 0


def test_cifar100_has_a_hundred_classes_in_order() -> None:
    names = DATASETS["cifar100"].class_names
    assert len(names) == 100
    assert list(names) == sorted(names)


def test_an_unknown_name_says_what_came_and_what_is_known() -> None:
    with pytest.raises(UnknownDataset, match=r"'imagenet'.*cifar10, cifar100.*digits"):
        catalog.info("imagenet")


def test_light_modules_load_nothing_heavy() -> None:
    script = (
        "import sys; import core.datasets.status, core.datasets;"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'sklearn', 'numpy', 'PIL'};"
        "print(*(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=PROJECT_ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == []
