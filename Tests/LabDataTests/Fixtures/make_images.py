"""Writes small images of every kind, and Pillow's pixels and resized forms of them.

Run it with Python 3 where Pillow 13 and numpy are installed; the output is the same every time.
"""

import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent / "images"
HERE.mkdir(exist_ok=True)
random = np.random.RandomState(11)
height, width = 9, 13

rows, columns = np.mgrid[0:height, 0:width]
smooth = np.stack([20 * rows, 15 * columns, 240 - 10 * (rows + columns)], axis=-1)
colour = Image.fromarray(np.clip(smooth + random.randint(-9, 10, smooth.shape), 0, 255).astype(np.uint8))
grey = colour.convert("L")


def png(name, kind, bits, rows, interlace=0, extra=b""):
    """A PNG that Pillow does not write itself: rows are bytes without the filter byte."""

    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    raw = b"".join(b"\0" + row for row in rows)
    (HERE / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlace))
        + extra + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def adam7(pixels):
    """The rows of the seven passes of an interlaced RGB image."""
    for first_row, first_column, row_step, column_step in [
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)
    ]:
        for row in pixels[first_row::row_step, first_column::column_step]:
            if row.size:
                yield row.tobytes()


colour.save(HERE / "rgb.png")
grey.save(HERE / "grey.png")
colour.quantize(8).save(HERE / "palette.png")
transparent = colour.copy()
transparent.putalpha(Image.fromarray(random.randint(0, 256, (height, width)).astype(np.uint8)))
transparent.save(HERE / "rgba.png")
png("interlaced.png", 2, 8, adam7(np.asarray(colour)), interlace=1)
# Every 16-bit value is 257 times a byte, so that there is no doubt about the byte.
png("grey16.png", 0, 16, [(row.astype(np.uint16) * 257).astype(">u2").tobytes() for row in np.asarray(grey)])
colour.save(HERE / "rgb.jpg", quality=90)
colour.save(HERE / "progressive.jpg", quality=90, progressive=True, subsampling=0)
grey.save(HERE / "grey.jpg", quality=90)
colour.convert("CMYK").save(HERE / "cmyk.jpg", quality=95)
colour.save(HERE / "rgb.ppm")
grey.save(HERE / "grey.pgm")
text = "P3\n# a comment\n13 9 # and another\n255\n" + "\n".join(
    " ".join(str(value) for value in row.flatten()) for row in np.asarray(colour))
(HERE / "text.ppm").write_text(text + "\n")
deep = (np.asarray(grey).astype(np.uint16) * 257).astype(">u2").tobytes()
(HERE / "deep.pgm").write_bytes(b"P5\n13 9\n65535\n" + deep)
colour.save(HERE / "rgb.bmp")
colour.quantize(8).save(HERE / "palette.bmp")
grey.convert("1").save(HERE / "one-bit.bmp")
transparent.save(HERE / "rgba.bmp")
array = np.asarray(colour)
# The same rows from top to bottom, as a negative height says.
body = b"".join(row[:, ::-1].tobytes() + b"\0" * (-3 * width % 4) for row in array)
(HERE / "top-down.bmp").write_bytes(
    struct.pack("<2sIHHI", b"BM", 54 + len(body), 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, width, -height, 1, 24, 0, len(body), 0, 0, 0, 0) + body)

expected = {}
for path in sorted(HERE.iterdir()):
    if path.suffix == ".json":
        continue
    image = Image.open(path)
    is_grey = path.name.startswith(("grey", "deep", "one-bit"))
    if path.name in ("grey16.png", "deep.pgm"):
        pixels = np.asarray(grey)
    else:
        pixels = np.asarray(image.convert("L" if is_grey else "RGB"))
    expected[path.name] = {"channels": 1 if is_grey else 3, "pixels": pixels.flatten().tolist()}


def letterbox(image, size):
    ratio = min(size / image.width, size / image.height)
    scaled = image.resize(
        (max(1, round(image.width * ratio)), max(1, round(image.height * ratio))), Image.BILINEAR)
    canvas = Image.new(image.mode, (size, size))
    canvas.paste(scaled, ((size - scaled.width) // 2, (size - scaled.height) // 2))
    return canvas


def crop(image, size):
    ratio = max(size / image.width, size / image.height)
    scaled = image.resize((round(image.width * ratio), round(image.height * ratio)), Image.BILINEAR)
    left, top = (scaled.width - size) // 2, (scaled.height - size) // 2
    return scaled.crop((left, top, left + size, top + size))


pictures = {}
resized = []
for name, (h, w) in {"wide": (17, 41), "tall": (38, 11)}.items():
    y, x = np.mgrid[0:h, 0:w]
    waves = np.stack([127 + 120 * np.sin(x / 3), 255 * y / h, 127 + 120 * np.cos((x + y) / 2)], axis=-1)
    picture = Image.fromarray(np.clip(waves + random.randint(-20, 21, (h, w, 3)), 0, 255).astype(np.uint8))
    pictures[name] = {"height": h, "width": w, "pixels": np.asarray(picture).flatten().tolist()}
    for size in (8, 24):
        for fit, image in [
            ("squash", picture.resize((size, size), Image.BILINEAR)), ("letterbox", letterbox(picture, size)),
            ("crop", crop(picture, size))
        ]:
            resized.append(
                {"picture": name, "size": size, "fit": fit, "pixels": np.asarray(image).flatten().tolist()})

(HERE / "expected.json").write_text(
    json.dumps({"height": height, "width": width, "images": expected, "pictures": pictures, "resized": resized}) + "\n")
