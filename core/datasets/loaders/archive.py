"""A zip file of images, which may be hostile. It is read without unpacking it to disk."""

from __future__ import annotations

import errno
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.datasets.catalog import DatasetInfo
from core.datasets.loaders.decoded_source import DecodedSource
from core.datasets.loaders.images import decode_listing
from core.datasets.loaders.layout import arrange
from core.errors import DatasetCorrupt
from core.text import quote

MAX_MEMBERS = 100_000
"""The largest set, MNIST, has 70,000 images."""
MAX_MEMBER_BYTES = 1024 * 1024
"""A raw 32x32 RGB image is 3 kB; a megabyte leaves room for any metadata."""
MAX_TOTAL_BYTES = 1024**3
"""60,000 images at 3 kB are 184 MB; a gigabyte leaves room for wasteful formats."""
MAX_RATIO = 200
"""An image of one colour, deflated as BMP, reaches about 80; a bomb starts at 1,000."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1

# What zipfile raises for damaged files, found by flipping bytes.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


@contextmanager
def open_archive(info: DatasetInfo, path: Path) -> Iterator[DecodedSource]:
    """Open a zip file while its images are read. Raises DatasetCorrupt."""
    with ExitStack() as stack:
        with _corrupt_if_broken(path.name):
            archive = stack.enter_context(zipfile.ZipFile(path))
        members = _checked(archive, path.name)
        listing = arrange(info, members, path.name)
        yield decode_listing(info, listing, _Reader(archive, members, path.name))


@contextmanager
def _corrupt_if_broken(where: str) -> Iterator[None]:
    try:
        yield
    except (*_BROKEN, OSError) as error:
        # A wrong offset makes a seek fail with EINVAL; other OSErrors come from the disk.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise DatasetCorrupt(
            f"{where} is not a whole zip archive ({error}); copy or download it again."
        ) from error


class _Reader:
    """Reads members by name, and limits the bytes that are really unpacked."""

    def __init__(
        self, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], where: str
    ) -> None:
        self._archive = archive
        self._members = members
        self._where = where
        self._total = 0

    def __call__(self, name: str) -> bytes:
        member = self._members[name]
        with _corrupt_if_broken(self._where), self._archive.open(member) as file:
            data = file.read(MAX_MEMBER_BYTES + 1)
        self._total += len(data)
        too_much = len(data) > MAX_MEMBER_BYTES or self._total > MAX_TOTAL_BYTES
        if too_much or len(data) > MAX_RATIO * max(member.compress_size, 1):
            raise DatasetCorrupt(f"{quote(name)} unpacks to more than images of this size need.")
        return data


def _checked(archive: zipfile.ZipFile, where: str) -> dict[str, zipfile.ZipInfo]:
    """Every file of the archive by name. Raises DatasetCorrupt for members that are not allowed."""
    listed = archive.infolist()
    if len(listed) > MAX_MEMBERS:
        raise DatasetCorrupt(f"{where} holds {len(listed)} files; the limit is {MAX_MEMBERS}.")
    if sum(member.file_size for member in listed) > MAX_TOTAL_BYTES:
        raise DatasetCorrupt(f"{where} unpacks to more than {MAX_TOTAL_BYTES} bytes.")
    files: dict[str, zipfile.ZipInfo] = {}
    for member in listed:
        fault = _fault(member)
        if fault is None and member.filename in files:
            fault = "is in it twice"
        if fault is not None:
            raise DatasetCorrupt(
                f"{where} is refused: its member {quote(member.filename)} {fault}."
            )
        if not member.is_dir():
            files[member.filename] = member
    return files


def _fault(member: zipfile.ZipInfo) -> str | None:
    # orig_filename, because ZipInfo cuts a name at a NUL byte, which may hide the rest.
    name = member.orig_filename
    parts = name.rstrip("/").split("/")
    if "\\" in name or "\0" in name or ":" in parts[0] or name.startswith("/"):
        return "has an absolute or foreign path"
    if any(part in ("", ".", "..") for part in parts):
        return "has a path that leaves its folder"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a special file"
    if member.compress_type not in _METHODS:
        return "is packed in a way other than stored or deflated"
    if member.file_size > MAX_MEMBER_BYTES:
        return f"unpacks to more than {MAX_MEMBER_BYTES} bytes"
    if member.file_size > MAX_RATIO * max(member.compress_size, 1):
        return f"unpacks to more than {MAX_RATIO} times its size"
    return None
