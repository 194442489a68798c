"""Images of users are decoded as viewers show them, or refused by name."""

from __future__ import annotations

import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import DecodingTooSlow, ImageRefused
from core.inference.images import (
    FORMATS,
    MAX_BYTES,
    MAX_DECODE_S,
    MAX_SIDE,
    as_model_input,
    read_image,
)
from tests.core.pictures.slow_files import MANY, SlowFile, encoded, png_chunk


def photo(width: int = 64, height: int = 48) -> Image.Image:
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_of_the_list_is_decoded(kind: str) -> None:
    pixels = read_image(encoded(photo(), kind), f"photo.{kind.lower()}")
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - np.asarray(photo(), dtype=int)).mean() < 12


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_cut_off_file_is_refused_by_name(kind: str, share: float) -> None:
    rng = np.random.default_rng(3)
    noise = Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    whole = encoded(noise, kind)
    with pytest.raises(ImageRefused, match=r"^holiday\.img "):
        read_image(whole[: int(len(whole) * share)], "holiday.img")


@pytest.mark.parametrize("content", [b"GIF", b"not a picture", b"<svg/>", b"%PDF-1.7", b"\0" * 99])
def test_other_content_is_refused_with_what_was_expected(content: bytes) -> None:
    with pytest.raises(ImageRefused, match=r"notes\.txt is not an image.*PNG, JPEG"):
        read_image(content, "notes.txt")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ImageRefused, match=r"void\.png is empty"):
        read_image(b"", "void.png")


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "ICO"])
def test_formats_outside_the_list_are_refused(kind: str) -> None:
    with pytest.raises(ImageRefused, match="not an image that can be read"):
        read_image(encoded(photo(), kind), "a.png")


def test_too_many_bytes_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(ImageRefused, match=r"big\.png has 21 MB"):
        read_image(b"x" * (MAX_BYTES + 1), "big.png")


@pytest.mark.parametrize("size", [(7000, 6000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(ImageRefused, match=r"bomb\.png has too many pixels"):
        read_image(png_that_claims(*size), "bomb.png")


@pytest.mark.parametrize("size", [(1, 39_999_999), (39_999_999, 1), (MAX_SIDE + 1, 1)])
def test_a_side_that_no_camera_makes_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(ImageRefused, match=r"line\.png is \d+ x \d+ pixels; .*at most 32768"):
        read_image(png_that_claims(*size), "line.png")


@pytest.mark.parametrize(
    "size", [(1, MAX_SIDE), (MAX_SIDE, 1), (MAX_SIDE, 1200), (1080, 30_000), (16_384, 2400)]
)
def test_a_panorama_and_a_long_screenshot_are_read_in_a_second_or_two(
    size: tuple[int, int],
) -> None:
    content = encoded(Image.new("RGB", size, "red"), compress_level=1)
    started = time.thread_time()
    pixels = read_image(content, "wide.png")
    assert max(pixels.shape) < 2048
    assert as_model_input(pixels, (32, 32, 3))[16, 16].tolist() == [255, 0, 0]
    assert time.thread_time() - started < 4


@pytest.mark.parametrize(("slow_file", "number"), MANY)
def test_a_file_that_decodes_for_long_is_refused_in_time(slow_file: SlowFile, number: int) -> None:
    content = slow_file((6000, 4000) if "scans" in slow_file.__name__ else (64, 48), number)
    assert len(content) < MAX_BYTES
    started = time.thread_time()
    with pytest.raises(DecodingTooSlow, match=r"slow\.img takes more than 0\.2 s to decode"):
        read_image(content, "slow.img", limit_s=0.2)
    assert time.thread_time() - started < 1.5


def test_ordinary_images_of_the_largest_size_are_far_from_the_limit() -> None:
    picture = photo(7000, 5700)
    for kind, options in (("PNG", {"compress_level": 1}), ("JPEG", {"progressive": True})):
        content = encoded(picture, kind, **options)
        started = time.thread_time()
        read_image(content, f"camera.{kind}")
        assert time.thread_time() - started < MAX_DECODE_S / 2


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_frames_of_an_animation_cost_nothing(kind: str) -> None:
    frames = [Image.new("RGB", (64, 48), (number % 256, 0, 0)) for number in range(1500)]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    started = time.thread_time()
    assert read_image(content, "loop")[0, 0, 0] == 0
    assert time.thread_time() - started < 0.5


def test_a_bomb_inside_a_text_chunk_is_refused() -> None:
    bomb = png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 200_000_000))
    content = encoded(photo())
    content = content[:33] + bomb + content[33:]
    with pytest.raises(ImageRefused, match=r"text\.png "):
        read_image(content, "text.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_orientation_is_applied(orientation: int) -> None:
    upright = Image.new("RGB", (40, 20), "white")
    upright.paste("red", (0, 0, 20, 10))
    # What a camera that was held that way would have stored.
    stored = {
        1: lambda p: p,
        2: lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda p: p.transpose(Image.Transpose.ROTATE_180),
        4: lambda p: p.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda p: p.transpose(Image.Transpose.TRANSPOSE),
        6: lambda p: p.transpose(Image.Transpose.ROTATE_90),
        7: lambda p: p.transpose(Image.Transpose.TRANSVERSE),
        8: lambda p: p.transpose(Image.Transpose.ROTATE_270),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_image(encoded(stored, "PNG", exif=exif), "phone.png")
    assert np.array_equal(pixels, np.asarray(upright))


def test_transparency_lies_over_white() -> None:
    picture = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    picture.putpixel((0, 0), (255, 0, 0, 255))
    pixels = read_image(encoded(picture), "logo.png")
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert pixels[3, 3].tolist() == [255, 255, 255]


def test_a_palette_with_a_transparent_colour_lies_over_white() -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([0, 0, 0, 0, 128, 0])
    picture.putpixel((1, 1), 1)
    pixels = read_image(encoded(picture, "PNG", transparency=0), "icon.png")
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[1, 1].tolist() == [0, 128, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    pixels = read_image(encoded(photo().convert(mode)), f"{mode}.png")
    assert pixels.shape == (48, 64, 3)


def test_print_colours_become_screen_colours() -> None:
    picture = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixels = read_image(encoded(picture, "JPEG"), "print.jpg")
    assert pixels[8, 8, 0] > 200
    assert pixels[8, 8, 1] < 60


def test_sixteen_bits_are_scaled_and_not_cut_off() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    pixels = read_image(encoded(Image.fromarray(ramp)), "scan.png")
    assert np.abs(pixels[..., 0].reshape(-1).astype(int) - np.arange(256)).max() <= 1


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_image(content, "loop.gif")[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_image_is_reduced_and_keeps_its_proportions(kind: str) -> None:
    pixels = read_image(encoded(photo(6000, 4000), kind), "camera")
    height, width, _ = pixels.shape
    assert 1000 <= width <= 2048
    assert width / height == pytest.approx(1.5, rel=0.01)


def test_an_image_of_one_row_is_read() -> None:
    assert read_image(encoded(Image.new("RGB", (9000, 1))), "line.png").shape[2] == 3


def test_a_name_cannot_spoil_a_terminal_or_fill_a_page() -> None:
    with pytest.raises(ImageRefused) as refused:
        read_image(b"", "\x1b[2J" + "a" * 5000 + "\n.png")
    assert "\x1b" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 120


def test_an_image_of_the_models_size_passes_unchanged() -> None:
    pixels = np.asarray(photo(32, 32))
    assert np.array_equal(as_model_input(pixels, (32, 32, 3)), pixels)


def test_the_whole_image_is_used_and_not_a_crop() -> None:
    picture = np.full((50, 100, 3), 255, np.uint8)
    picture[:, :10] = 0
    picture[:, -10:] = 0
    seen = as_model_input(picture, (20, 20, 3))
    assert seen[10, 0, 0] < 30
    assert seen[10, 19, 0] < 30
    assert seen[10, 10, 0] > 225


def test_one_channel_is_luminance() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[..., 1] = 255
    seen = as_model_input(picture, (8, 8, 1))
    assert seen.shape == (8, 8, 1)
    assert seen[0, 0, 0] == 150
