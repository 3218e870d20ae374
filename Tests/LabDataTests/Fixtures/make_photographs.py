"""Writes images whose files say more than their pixels, into the folder `photographs`, and Pillow's pixels of some.

Run it with Python 3 where Pillow and numpy are installed; the output is the same every time.
"""

import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent / "photographs"
HERE.mkdir(exist_ok=True)
rows, columns = np.mgrid[0:8, 0:12]
pixels = np.stack([20 * rows, 15 * columns, 240 - 8 * (rows + columns)], axis=-1).astype(np.uint8)
picture = Image.fromarray(pixels)


def orientation(value):
    exif = Image.Exif()
    exif[274] = value
    return exif


picture.save(HERE / "plain.jpg", quality=90)
picture.save(HERE / "upright.jpg", quality=90, exif=orientation(1))
picture.save(HERE / "turned.jpg", quality=90, exif=orientation(6))
picture.save(HERE / "mirrored.png", exif=orientation(2))

# Big-endian notes, behind a comment and a tag of another kind.
notes = struct.pack(">2sHIH", b"MM", 42, 8, 2)
notes += struct.pack(">HHIHH", 256, 3, 1, 12, 0) + struct.pack(">HHIHH", 274, 3, 1, 8, 0) + b"\0" * 4


def segment(kind, data):
    return struct.pack(">BBH", 0xff, kind, len(data) + 2) + data


plain = (HERE / "plain.jpg").read_bytes()
(HERE / "motorola.jpg").write_bytes(
    plain[:2] + segment(0xfe, b"a comment") + segment(0xe1, b"Exif\0\0" + notes) + plain[2:])
# Notes that end within the tag.
(HERE / "cut-notes.jpg").write_bytes(plain[:2] + segment(0xe1, b"Exif\0\0" + notes[:26]) + plain[2:])

opaque = picture.copy()
opaque.putalpha(255)
opaque.save(HERE / "opaque.png")
transparent = picture.copy()
transparent.putalpha(Image.fromarray(np.where(rows == 3, 0, 255).astype(np.uint8)))
transparent.save(HERE / "transparent.png")
picture.convert("L").convert("LA").save(HERE / "opaque-grey.png")
palette = picture.quantize(8)
palette.save(HERE / "transparent-palette.png", transparency=2)


def interlaced(pixels):
    """An RGBA image in the seven passes of Adam7, which Pillow does not write."""

    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    raw = b""
    for first_row, first_column, row_step, column_step in [
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)
    ]:
        for row in pixels[first_row::row_step, first_column::column_step]:
            raw += b"\0" + row.tobytes() if row.size else b""
    height, width = pixels.shape[:2]
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 1))
        + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


(HERE / "transparent-interlaced.png").write_bytes(interlaced(np.asarray(transparent)))

# Inks with Adobe's marker, and with the marker taken away as optimisers do.
picture.convert("CMYK").save(HERE / "inks.jpg", quality=95)
whole = (HERE / "inks.jpg").read_bytes()
place = whole.index(b"\xff\xee")
length = struct.unpack(">H", whole[place + 2:place + 4])[0]
assert whole[place + 4:place + 9] == b"Adobe"
(HERE / "inks-stripped.jpg").write_bytes(whole[:place] + whole[place + 2 + length:])

expected = {
    path.name: np.asarray(Image.open(path).convert("RGB")).flatten().tolist()
    for path in sorted(HERE.iterdir()) if path.suffix in (".jpg", ".png") and "grey" not in path.name}
(HERE / "expected.json").write_text(json.dumps(expected) + "\n")
