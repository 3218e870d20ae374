"""Writes event files as other programs do: numbers as single values and as tensors, and settings of runs.

usage: python3 write_events.py FOLDER    (needs tensorboard)
"""
import os
import sys

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.compat.proto.types_pb2 import DT_FLOAT
from tensorboard.plugins.hparams import summary_v2 as hparams
from tensorboard.summary.writer.event_file_writer import EventFileWriter

for optimizer, seed, values in [("sgd", 0, [0.5, 0.625]), ("sgd", 1, [0.4, 0.65]), ("adam", 0, [0.6, 0.7])]:
    writer = EventFileWriter(os.path.join(sys.argv[1], f"{optimizer}-{seed}"))
    start = hparams.hparams_pb({"optimizer": optimizer, "seed": seed, "nesterov": True})
    writer.add_event(event_pb2.Event(wall_time=1, step=0, summary=start))
    for step, value in enumerate(values):
        tensor = tensor_pb2.TensorProto(
            dtype=DT_FLOAT, tensor_shape=tensor_shape_pb2.TensorShapeProto(), float_val=[1 - value])
        metadata = summary_pb2.SummaryMetadata(
            plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars"))
        summary = summary_pb2.Summary(
            value=[
                summary_pb2.Summary.Value(tag="test/acc", simple_value=value),
                summary_pb2.Summary.Value(tag="val/loss", tensor=tensor, metadata=metadata),
            ])
        writer.add_event(event_pb2.Event(wall_time=2 + step, step=step, summary=summary))
    writer.close()
