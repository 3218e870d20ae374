"""Writes a JPEG file, and its pixels as Pillow decodes them to a half, a quarter and an eighth of its extents.

Needs Pillow and NumPy.
"""

import json
from pathlib import Path

import numpy
from PIL import Image

folder = Path(__file__).parent / "reduced"
rows, columns = numpy.mgrid[0:45, 0:66] / 66
waves = [numpy.sin(14 * rows + 9 * columns), numpy.cos(11 * columns), numpy.sin(20 * rows * columns + 1)]
picture = Image.fromarray((127.5 + 110 * numpy.stack(waves, axis=-1)).astype(numpy.uint8))
picture.save(folder / "waves.jpg", quality=90)
expected = {}
for divisor in (1, 2, 4, 8):
    image = Image.open(folder / "waves.jpg")
    image.draft("RGB", (66 // divisor, 45 // divisor))
    pixels = numpy.asarray(image)
    assert pixels.shape == (-(-45 // divisor), -(-66 // divisor), 3), pixels.shape
    expected[str(divisor)] = pixels.ravel().tolist()
(folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
