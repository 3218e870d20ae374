"""Prints as JSON what the package onnx reads of a model's file.

usage: read_model.py MODEL
"""
import json
import sys

import onnx

model = onnx.load(sys.argv[1])


def port(value):
    tensor = value.type.tensor_type
    return [value.name, tensor.elem_type, [d.dim_param or d.dim_value for d in tensor.shape.dim]]


print(
    json.dumps(
        {
            "ir_version": model.ir_version,
            "opset": [[entry.domain, entry.version] for entry in model.opset_import],
            "producer": [model.producer_name, model.producer_version],
            "metadata": {entry.key: entry.value for entry in model.metadata_props},
            "inputs": [port(value) for value in model.graph.input],
            "outputs": [port(value) for value in model.graph.output],
            "initializers": {
                tensor.name: [list(tensor.dims), onnx.numpy_helper.to_array(tensor).flatten().tolist()]
                for tensor in model.graph.initializer
            },
            "nodes": [
                {
                    "type": node.op_type,
                    "inputs": list(node.input),
                    "outputs": list(node.output),
                    "attributes": {
                        a.name: a.s.decode() if a.type == onnx.AttributeProto.STRING else onnx.helper.get_attribute_value(a)
                        for a in node.attribute
                    },
                }
                for node in model.graph.node
            ],
        }
    )
)
