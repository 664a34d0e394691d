"""Small, upright, bare pictures; and nothing at all where a picture is a bomb or broken."""

import io
import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from onsite.adapters.thumbnails import LONGEST_SIDE, MAX_DECODED_PIXELS, MAX_PIXELS, thumbnail_of
from tests.support.pictures import BLUE, RED, bomb_gif, bomb_png, picture


def thumbnail(content: bytes, folder: Path) -> tuple[Image.Image, str] | None:
    path = folder / "content"
    path.write_bytes(content)
    made = thumbnail_of(path)
    return None if made is None else (Image.open(io.BytesIO(made[0])), made[1])


def near(found: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) < 16 for one, other in zip(found[:3], colour, strict=True))


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        pytest.param(picture("JPEG"), "image/jpeg", id="JPEG"),
        pytest.param(picture("PNG"), "image/jpeg", id="PNG"),
        pytest.param(picture("PNG", mode="RGBA"), "image/png", id="PNG that may be transparent"),
        pytest.param(picture("PNG", mode="L"), "image/jpeg", id="grey"),
        pytest.param(picture("PNG", mode="P"), "image/jpeg", id="PNG with a palette"),
        pytest.param(picture("GIF"), "image/jpeg", id="GIF"),
        pytest.param(picture("WEBP"), "image/jpeg", id="WebP"),
        pytest.param(picture("JPEG", mode="CMYK"), "image/jpeg", id="for print"),
    ],
)
def test_a_picture_becomes_small_and_keeps_its_shape(tmp_path: Path, content: bytes, mime_type: str) -> None:
    made = thumbnail(content, tmp_path)

    assert made is not None
    assert (made[0].size, made[1]) == ((LONGEST_SIDE, LONGEST_SIDE // 2), mime_type)


def test_a_small_picture_stays_as_large_as_it_is(tmp_path: Path) -> None:
    made = thumbnail(picture(size=(40, 20)), tmp_path)

    assert made is not None
    assert made[0].size == (40, 20)


@pytest.mark.parametrize(
    ("form", "orientation", "size", "red_at"),
    [
        pytest.param("JPEG", 1, (512, 256), (10, 128), id="upright"),
        pytest.param("JPEG", 3, (512, 256), (500, 128), id="upside down"),
        pytest.param("JPEG", 6, (256, 512), (128, 10), id="turned right"),
        pytest.param("JPEG", 8, (256, 512), (128, 500), id="turned left"),
        pytest.param("PNG", 6, (256, 512), (128, 10), id="a PNG, turned right"),
        pytest.param("WEBP", 6, (256, 512), (128, 10), id="a WebP, turned right"),
    ],
)
def test_a_picture_that_says_how_it_was_held_is_shown_upright(
    tmp_path: Path, form: str, orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = thumbnail(picture(form, exif=exif.tobytes()), tmp_path)

    assert made is not None
    assert made[0].size == size
    assert near(made[0].getpixel(red_at), RED)
    assert near(made[0].getpixel((size[0] - red_at[0] - 1, size[1] - red_at[1] - 1)), BLUE)


def test_nothing_of_what_a_picture_carries_is_in_its_thumbnail(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET camera"
    exif.get_ifd(0x8825)[1] = "SECRET place"
    content = picture("JPEG", exif=exif.tobytes(), comment=b"SECRET comment", icc_profile=b"SECRET profile")
    assert content.count(b"SECRET") >= 3

    made = thumbnail_of(tmp_path / "content") if (tmp_path / "content").write_bytes(content) else None

    assert made is not None
    assert b"SECRET" not in made[0]
    assert b"Exif" not in made[0]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(bomb_png(), id="a PNG of 50,000 x 50,000"),
        pytest.param(bomb_gif(), id="a GIF of 65,535 x 65,535"),
        pytest.param(bomb_png(1, MAX_PIXELS + 1), id="one pixel too many"),
        pytest.param(bomb_png(1, MAX_DECODED_PIXELS + 1), id="one pixel too many to decode"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"GIF89a", id="a beginning"),
        pytest.param(picture("JPEG")[:-2000], id="a JPEG that was cut off"),
        pytest.param(picture("PNG")[:400], id="a PNG that was cut off"),
        pytest.param(picture("TIFF"), id="another kind of picture"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="a program that draws"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="SVG"),
    ],
)
def test_what_cannot_or_should_not_be_decoded_has_no_thumbnail_and_takes_no_memory(
    tmp_path: Path, content: bytes
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert thumbnail(content, tmp_path) is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]),
    where=st.floats(0, 1),
    garbage=st.binary(min_size=1, max_size=40),
)
def test_whatever_is_broken_in_a_picture_nothing_is_raised(
    tmp_path: Path, form: str, where: float, garbage: bytes
) -> None:
    content = bytearray(picture(form, size=(64, 32)))
    at = int(where * len(content))
    content[at : at + len(garbage)] = garbage

    thumbnail(bytes(content), tmp_path)
