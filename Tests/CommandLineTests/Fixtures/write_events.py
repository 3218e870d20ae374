"""Writes event files as a program does that knows nothing of labrun.

python3 -m pip install tensorboardX==2.6.5
python3 write_events.py
"""

import math
import pathlib
import shutil
import tempfile

from tensorboardX import SummaryWriter

folder = pathlib.Path(__file__).parent / "events"


def write(name, steps, start, gain):
    with tempfile.TemporaryDirectory() as place:
        writer = SummaryWriter(place)
        for step in steps:
            time = start + step
            writer.add_scalar("Loss/train", 1 / (step + 1), step, walltime=time)
            writer.add_scalar("val/topAccuracy", 0.5 + gain + step / 16, step, walltime=time)
            writer.add_scalar("grad-norm", math.nan if step == 1 else step, step, walltime=time)
            # Neither of these can be a metric.
            writer.add_scalar("epoch", step, step, walltime=time)
            writer.add_scalar("5xx", step, step, walltime=time)
            writer.add_text("note", "what is no number", step, walltime=time)
        writer.close()
        [file] = pathlib.Path(place).iterdir()
        shutil.copy(file, folder / name)


write("first", range(0, 3), 100, 0.0)
# A second attempt, which does the last step of the first one again.
write("second", range(2, 5), 200, 0.125)
