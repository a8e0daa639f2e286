"""Image files that cannot be used are set aside by name, or stop prepare; odd ones are read by the stated rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import SIDE, UNREADABLE, encoded, image_folder, noise, tiff
from PIL import Image

from ganaug.data.rows import Rows, read_rows


@pytest.mark.slow
@pytest.mark.parametrize(("name", "content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_one_bad_image_is_set_aside_and_listed(
    project: Path, stage: Callable[..., Any], name: str, content: bytes, reason: str
) -> None:
    image_folder(project / "images")
    (project / "images" / "cat" / name).write_bytes(content)
    assert stage("prepare", {"prepare": {"source": "images"}}).code == 0
    (listed,) = report()["rejected"]
    assert listed["name"] == f"cat/{name}"
    assert reason in listed["reason"]


@pytest.mark.parametrize(("name", "content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_many_bad_images_stop(
    project: Path, refused: Callable[..., None], name: str, content: bytes, reason: str
) -> None:
    image_folder(project / "images")
    for i in range(3):
        (project / "images" / "dog" / f"{i}{name}").write_bytes(content)
    words = ("3 of 43 rows cannot be used", f"'dog/0{name}'", reason, "raise prepare.max_unreadable")
    refused("prepare", words, {"prepare": {"source": "images"}})


def test_nothing_readable_at_all_stops_whatever_share_is_allowed(project: Path, refused: Callable[..., None]) -> None:
    for label in ("cat", "dog"):
        (project / "images" / label).mkdir(parents=True)
        (project / "images" / label / "1.png").write_bytes(b"")
    words = ("2 of 2 rows cannot be used", "cat/1.png", "the file is empty")
    refused("prepare", words, {"prepare": {"source": "images", "max_unreadable": 1.0}})


def deep() -> Image.Image:
    return Image.fromarray(np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE) * 400)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    wide = np.zeros((SIDE, 2 * SIDE), np.uint8)
    wide[:, :SIDE] = 255
    return encoded(Image.fromarray(wide), "JPEG", exif=exif, quality=100)


def gif() -> bytes:
    return encoded(Image.new("L", (SIDE, SIDE), 9), "GIF", save_all=True, append_images=[noise(5)])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("jpeg.png", encoded(Image.new("L", (SIDE, SIDE), 99), "JPEG"), 99),  # wrong ending
        ("none", encoded(Image.new("L", (SIDE, SIDE), 98)), 98),
        ("CAPITALS.PNG", encoded(Image.new("L", (SIDE, SIDE), 97)), 97),
        ("deep.png", encoded(deep()), np.rint(np.asarray(deep()) / 257)),
        ("whole.tiff", tiff(np.full((SIDE, SIDE), 96, np.int32)), 96),
        ("floats.tiff", tiff(np.full((SIDE, SIDE), 0.2, np.float32)), 51),
        ("cmyk.jpg", encoded(Image.new("CMYK", (SIDE, SIDE)), "JPEG"), 255),
        ("palette.png", encoded(Image.new("P", (SIDE, SIDE), 0)), 0),
        ("bits.png", encoded(Image.new("1", (SIDE, SIDE), 1)), 255),
        ("animation.gif", gif(), 9),
        ("turned.jpg", turned(), None),
        ("clear.png", encoded(Image.new("RGBA", (SIDE, SIDE))), 255),  # transparent: on white
        ("tiny.png", encoded(Image.new("L", (1, 1), 7)), 7),
        ("long.png", encoded(Image.new("L", (2000, 10), 6)), 6),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_odd_images_are_read_by_the_stated_rules(
    project: Path, stage: Callable[..., Any], name: str, content: bytes, expected: Any
) -> None:
    image_folder(project / "images")
    (project / "images" / "cat" / name).write_bytes(content)
    assert stage("prepare", {"prepare": {"source": "images", "channels": 1}}).code == 0
    assert report()["rejected"] == []
    odd = added_image(project)
    assert odd.shape == (SIDE, SIDE)
    if name == "turned.jpg":
        assert odd[: SIDE // 2 - 1].min() > 200 > 50 > odd[SIDE // 2 + 1 :].max()
    else:
        np.testing.assert_array_equal(odd, np.broadcast_to(expected, odd.shape))


def test_transparent_images_among_opaque_ones_and_mixed_sizes(project: Path, stage: Callable[..., Any]) -> None:
    root = image_folder(project / "images")
    noise(7, "RGBA").save(root / "cat" / "clear.png")
    noise(8, "RGB", 40).save(root / "cat" / "large.png")
    assert stage("prepare", {"prepare": {"source": "images"}}).code == 0
    assert report()["shape"] == [SIDE, SIDE, 4]
    assert report()["resized"] == 1
    assert "Lanczos" in report()["size_rule"]


def report() -> dict[str, Any]:
    return json.loads(Path("reports/prepare.json").read_text(encoding="utf-8"))


def added_image(project: Path) -> np.ndarray:
    """The one image in the splits that `image_folder` did not make, (H, W)."""
    known = {np.asarray(noise(1000 * k + i)).tobytes() for k in range(2) for i in range(20)}
    parts: list[Rows] = [read_rows(path) for path in sorted((project / "data/splits/0").glob("*.parquet"))]
    (found,) = (image[..., 0] for rows in parts for image in rows.samples if image.tobytes() not in known)
    return found
