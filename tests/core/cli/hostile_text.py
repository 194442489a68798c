"""Text that people, scripts and other programs may hand over: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable

PIECES = (
    "caf\udce9",
    "\udcff\udcfe",
    "\ud83d",
    "\x00",
    "a\x00b",
    "\x1b[2J",
    "\x7f",
    "\n",
    "\r\n\t",
    "\u202etxt.exe",
    "👩‍🔬",
    "日本語",
    "ﷺ" * 5,
    "e" + "\u0301" * 50,
    "\ufeff",
    "\u2028",
    "",
    "../../../etc/passwd",
    "/dev/zero",
    "~nobody/x",
    "a/b.toml",
    "C:\\con",
    ".",
    "..",
    "%s%n",
    "'; DROP TABLE run; --",
    "%",
    "_",
    "*",
    "{0}",
    "${HOME}",
    "$(id)",
    "--help",
    "-1",
    "@file",
    "1e999",
    "nan",
    "9" * 50,
    "9" * 5000,
    "0x1F",
    "1,2,,3",
    "[" * 2000,
    "]",
    "{}",
    '"""',
    "==",
    "a=b",
    "training.epochs=",
    "=3",
    "model.stages.*.x=1",
    "seeds=[1,1]",
    "name='a\\u0000'",
    "x" * 200,
    "x" * 158_000,
    "a." * 300,
    "\u00e9" * 5000,
    " ",
    "\t",
    "true",
    "none",
    "null",
)


def texts(seed: int, count: int, *, in_arguments: bool = False) -> list[str]:
    """Pieces and mixtures of them; ``in_arguments`` without NUL, which no argument can have."""
    chosen = random.Random(seed)
    makers: tuple[Callable[[], str], ...] = (
        lambda: chosen.choice(PIECES),
        lambda: "".join(chosen.choice(PIECES) for _ in range(chosen.randint(2, 4))),
        lambda: "".join(chr(chosen.randrange(0x110000)) for _ in range(chosen.randint(1, 20))),
    )
    found = [makers[index % len(makers)]() for index in range(count)]
    return [each.replace("\x00", "\x01") for each in found] if in_arguments else found


def contents(seed: int, count: int) -> list[bytes]:
    """What a TOML file may hold."""
    chosen = random.Random(seed)
    good = b'name = "x"\n[data]\ndataset = "digits"\n[training]\nepochs = 2\n'
    found = []
    for index in range(count):
        # Half a character in bytes, or a question mark.
        piece = chosen.choice(PIECES).encode(errors="surrogatepass" if index % 2 else "replace")
        place = chosen.randrange(len(good))
        found.append(
            chosen.choice(
                (
                    good[:place] + piece + good[place:],
                    b'name = "' + piece + b'"\n',
                    b'notes = """' + piece + b'"""\n',
                    piece,
                    chosen.randbytes(chosen.randint(1, 300)),
                    good.replace(b"digits", piece),
                )
            )
        )
    return found
