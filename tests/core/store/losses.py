"""Ways in which the file of a database, or its journal, is lost while a store has it open."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from core.settings import Settings

KEEPS_OPEN = """
import sys
from core.settings import Settings
from core.store.store import Store
store = Store.open(Settings.from_environment())
print(store.revision(), flush=True)
sys.stdin.readline()
"""
"""Another process of the lab, which has the database open until its input ends."""


def file_of(settings: Settings) -> Path:
    return settings.results / "convscope.sqlite"


def journal_of(settings: Settings) -> Path:
    return settings.results / "convscope.sqlite-wal"


def deleted(settings: Settings) -> None:
    file_of(settings).unlink()


def deleted_with_its_journal(settings: Settings) -> None:
    for file in settings.results.glob("convscope.sqlite*"):
        file.unlink()


def replaced(settings: Settings) -> None:
    other = settings.results / "other.sqlite"
    shutil.copy(file_of(settings), other)
    other.replace(file_of(settings))


def replaced_with_its_journal(settings: Settings) -> None:
    replaced(settings)
    journal_of(settings).unlink()


def emptied(settings: Settings) -> None:
    os.truncate(file_of(settings), 0)


def cut_in_half(settings: Settings) -> None:
    os.truncate(file_of(settings), file_of(settings).stat().st_size // 2)


def overwritten(settings: Settings) -> None:
    with file_of(settings).open("r+b") as file:
        file.write(b"this is no database any more" * 4)


def journal_deleted(settings: Settings) -> None:
    journal_of(settings).unlink()
