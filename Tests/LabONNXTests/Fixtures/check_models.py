"""Checks models with the packages onnx and onnxruntime, and compares what they compute with what is expected.

usage: check_models.py FOLDER

FOLDER has a file cases.json: [{"name", "model", "runs": [{"inputs": [tensor], "outputs": [tensor]}], "tolerance"}],
where a tensor is {"name", "type", "shape", "file"} and its file has the bytes of its numbers. What is wrong is printed
as a JSON list of sentences.
"""
import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime

folder = pathlib.Path(sys.argv[1])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3


def read(tensor):
    return numpy.fromfile(folder / tensor["file"], dtype=tensor["type"]).reshape(tensor["shape"])


def problems(case):
    path = str(folder / case["model"])
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    for number, run in enumerate(case["runs"]):
        names = [tensor["name"] for tensor in run["outputs"]]
        found = session.run(names, {tensor["name"]: read(tensor) for tensor in run["inputs"]})
        for tensor, result in zip(run["outputs"], found):
            expected = read(tensor)
            if expected.shape != result.shape:
                yield f"run {number}, {tensor['name']}: the shape is {result.shape} instead of {expected.shape}"
                continue
            scale = max(numpy.abs(expected).max(initial=0), 1e-30)
            difference = numpy.abs(expected - result).max(initial=0) / scale
            if not difference <= case["tolerance"]:
                yield f"run {number}, {tensor['name']}: differs by {difference:.2e} of the largest number"


found = []
for case in json.loads((folder / "cases.json").read_text()):
    try:
        found += [f"{case['name']}: {problem}" for problem in problems(case)]
    except Exception as error:  # each model's own fault, such as one that the checker refuses
        found.append(f"{case['name']}: {type(error).__name__}: {error}")
print(json.dumps(found))
