"""Writes small WebP, TIFF and GIF images of many kinds, and Pillow's pixels of them.

Run it with Python 3 where Pillow 13 and numpy are installed; the output is the same every time.
"""

import json
import pathlib
import struct

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent / "formats"
HERE.mkdir(exist_ok=True)
random = np.random.RandomState(23)
height, width = 21, 34

rows, columns = np.mgrid[0:height, 0:width]
smooth = np.stack([9 * rows, 7 * columns, 240 - 3 * (rows + columns)], axis=-1)
colour = Image.fromarray(np.clip(smooth + random.randint(-9, 10, smooth.shape), 0, 255).astype(np.uint8))
grey = colour.convert("L")
transparent = colour.copy()
transparent.putalpha(Image.fromarray(random.randint(0, 256, (height, width)).astype(np.uint8)))
inks = colour.convert("CMYK")
second = Image.fromarray(255 - np.asarray(colour))
wide = np.asarray(grey).astype(np.uint16) * 257
palette = colour.quantize(11, dither=Image.Dither.NONE)


def tiff(name, tags, blocks, offsets, counts, order="<"):
    """A TIFF that Pillow does not write itself: `tags` are (number, type, values), `blocks` are strips or tiles."""
    sizes = {1: "B", 3: "H", 4: "I"}
    data = b"".join(blocks)
    starts = np.cumsum([8] + [len(block) for block in blocks])[:-1]
    tags = sorted(tags + [(offsets, 4, [int(start) for start in starts]), (counts, 4, [len(b) for b in blocks])])
    place = 8 + len(data) + 2 + 12 * len(tags) + 4
    directory, extra = struct.pack(order + "H", len(tags)), b""
    for number, kind, values in tags:
        packed = struct.pack(order + sizes[kind] * len(values), *values)
        if len(packed) > 4:
            packed, extra = struct.pack(order + "I", place + len(extra)), extra + packed
        directory += struct.pack(order + "HHI", number, kind, len(values)) + packed.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data))
    (HERE / name).write_bytes(head + data + directory + struct.pack(order + "I", 0) + extra)


def basic(samples, bits, photometric, *more):
    return [(256, 3, [width]), (257, 3, [height]), (258, 3, [bits] * samples), (259, 3, [1]),
            (262, 3, [photometric]), (277, 3, [samples])] + list(more)


colour.save(HERE / "lossy.webp", quality=80)
colour.save(HERE / "lossless.webp", lossless=True)
transparent.save(HERE / "transparent.webp", lossless=True, exact=True)
colour.save(HERE / "animated.webp", save_all=True, append_images=[second], lossless=True, duration=50)

colour.save(HERE / "rgb.tif")
colour.save(HERE / "lzw.tif", compression="tiff_lzw")
colour.save(HERE / "deflate.tif", compression="tiff_adobe_deflate")
colour.save(HERE / "packbits.tif", compression="packbits")
colour.save(HERE / "jpeg.tif", compression="jpeg", quality=90)
colour.save(HERE / "pages.tif", save_all=True, append_images=[second], compression="tiff_lzw")
transparent.save(HERE / "rgba.tif")
inks.save(HERE / "inks.tif", compression="tiff_lzw")
palette.save(HERE / "palette.tif")
grey.save(HERE / "grey.tif")
grey.convert("1").save(HERE / "grey-one-bit.tif", compression="group4")
Image.fromarray(wide).save(HERE / "grey16.tif", compression="tiff_lzw")
array, level = np.asarray(colour), np.asarray(grey)
strips = [array[first:first + 5].tobytes() for first in range(0, height, 5)]
tiff("big-endian.tif", basic(3, 8, 2, (278, 3, [5])), strips, 273, 279, order=">")
tiff("planes.tif", basic(3, 8, 2, (278, 3, [height]), (284, 3, [2])),
     [array[:, :, channel].tobytes() for channel in range(3)], 273, 279)
tiles = []
for top in range(0, height, 16):
    for left in range(0, width, 16):
        tile = np.zeros((16, 16, 3), np.uint8)
        part = array[top:top + 16, left:left + 16]
        tile[:part.shape[0], :part.shape[1]] = part
        tiles.append(tile.tobytes())
tiff("tiles.tif", basic(3, 8, 2, (322, 3, [16]), (323, 3, [16])), tiles, 324, 325)
tiff("grey-inverse.tif", basic(1, 8, 0, (278, 3, [height])), [(255 - level).tobytes()], 273, 279)
four = (level // 16)[:, 0::2] * 16 + (level // 16)[:, 1::2]
tiff("grey-four-bits.tif", basic(1, 4, 1, (278, 3, [height])), [four.astype(np.uint8).tobytes()], 273, 279)
for orientation in range(2, 9):
    tiff(f"turned-{orientation}.tif", basic(3, 8, 2, (278, 3, [height]), (274, 3, [orientation])),
         [array.tobytes()], 273, 279)
# Colours that were multiplied by their alpha.
alpha = np.asarray(transparent)[:, :, 3:]
mixed = np.concatenate([(array.astype(int) * alpha + 127) // 255, alpha], axis=-1).astype(np.uint8)
tiff("premultiplied.tif", basic(4, 8, 2, (278, 3, [height]), (338, 3, [1])), [mixed.tobytes()], 273, 279)

palette.save(HERE / "palette.gif", interlace=0)
palette.save(HERE / "interlaced.gif", interlace=1)
grey.save(HERE / "grey.gif")
palette.save(HERE / "animated.gif", save_all=True, append_images=[second.quantize(16)], duration=50)
palette.save(HERE / "transparent.gif", transparency=3)
# A first picture that covers a part of its screen, which Pillow writes only as a later one.
whole = (HERE / "palette.gif").read_bytes()
at = whole.index(b",\0\0\0\0" + struct.pack("<HH", width, height))
screen = whole[:6] + struct.pack("<HH", width + 6, height + 4) + whole[10:at]
(HERE / "part.gif").write_bytes(screen + b"," + struct.pack("<HH", 4, 3) + whole[at + 5:])

# Kinds that are refused, each with its own words.
tiff("refused-float.tif", basic(1, 32, 1, (278, 3, [height]), (339, 3, [3])),
     [level.astype(np.float32).tobytes()], 273, 279)
tiff("refused-bands.tif", basic(6, 8, 1, (278, 3, [height])),
     [np.concatenate([array, array], axis=-1).tobytes()], 273, 279)

expected = {}
for path in sorted(HERE.iterdir()):
    if path.suffix == ".json" or path.name.startswith("refused"):
        continue
    image = Image.open(path)
    # Pillow turns a TIFF while it loads it.
    image.load()
    is_grey = path.name.startswith("grey")
    pixels = level if path.name == "grey16.tif" else np.asarray(image.convert("L" if is_grey else "RGB"))
    expected[path.name] = {
        "height": pixels.shape[0], "width": pixels.shape[1], "channels": 1 if is_grey else 3,
        "pixels": pixels.flatten().tolist()}
(HERE / "expected.json").write_text(json.dumps(expected) + "\n")
