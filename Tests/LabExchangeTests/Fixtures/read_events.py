"""Prints as JSON what TensorBoard's own reader and tbparse find below a folder of event files.

usage: python3 read_events.py FOLDER
"""
import json
import math
import os
import sys

from tbparse import SummaryReader
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.hparams import plugin_data_pb2

folder = sys.argv[1]


def number(value):
    """JSON has no word for what is not finite."""
    return value if math.isfinite(value) else str(value)


result = {"runs": {}}
for parent, _, names in os.walk(folder):
    if not any("tfevents" in name for name in names):
        continue
    events = event_accumulator.EventAccumulator(parent, size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    run = {
        "scalars": {tag: [[e.step, number(e.value), e.wall_time] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]},
        "images": {},
        "hparams": {},
    }
    for tag in events.Tags()["images"]:
        image = events.Images(tag)[0]
        run["images"][tag] = [image.step, image.width, image.height, image.encoded_image_string[:8].hex()]
    for tag, metadata in events.summary_metadata.items():
        if metadata.plugin_data.plugin_name != "hparams":
            continue
        data = plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)
        if tag == "_hparams_/session_start_info":
            start = data.session_start_info
            run["hparams"] = {name: (value.string_value or value.number_value) for name, value in start.hparams.items()}
            run["group"] = start.group_name
        elif tag == "_hparams_/session_end_info":
            run["status"] = data.session_end_info.status
        elif tag == "_hparams_/experiment":
            run["experiment"] = {
                "name": data.experiment.name,
                "hparams": {i.name: [v.string_value for v in i.domain_discrete.values] for i in data.experiment.hparam_infos},
                "metrics": [i.name.tag for i in data.experiment.metric_infos],
            }
    result["runs"][os.path.relpath(parent, folder)] = run

table = SummaryReader(folder, extra_columns={"dir_name"}).scalars
result["tbparse"] = [[r.dir_name, r.tag, int(r.step), number(float(r.value))] for r in table.itertuples()]
json.dump(result, sys.stdout)
