#!/usr/bin/python3
"""Writes small.onnx, a network of a few layers as python3-onnx lays it out: a convolution, a fire module, a
reshape by arithmetic on shapes, a fully connected layer. Needs Debian's python3-onnx."""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(1)


def weights(name, *shape):
    return numpy_helper.from_array(rng.normal(0, 0.5, shape).astype(np.float32), name)


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs.split(), [output], name='/' + output, **attributes)


nodes = [
    node('Conv', 'image conv.weight conv.bias', 'conv', kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    node('Relu', 'conv', 'relu'),
    node('MaxPool', 'relu', 'pool', kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    node('Conv', 'pool left.weight', 'left', kernel_shape=[1, 1]),
    node('Conv', 'pool right.weight', 'right', kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    node('Concat', 'left right', 'both', axis=1),
    node('Shape', 'both', 'shape'),
    node('Constant', '', 'zero', value=numpy_helper.from_array(np.array(0, np.int64))),
    node('Gather', 'shape zero', 'batch', axis=0),
    node('Unsqueeze', 'batch axes', 'batch1'),
    node('Concat', 'batch1 rest', 'flat_shape', axis=0),
    node('Reshape', 'both flat_shape', 'flat'),
    node('Gemm', 'flat fc.weight fc.bias', 'scores', transB=1, alpha=0.5),
]
graph = helper.make_graph(
    nodes, 'small', [helper.make_tensor_value_info('image', TensorProto.FLOAT, ['N', 2, 9, 7])],
    [helper.make_tensor_value_info('scores', TensorProto.FLOAT, ['N', 3])],
    [weights('conv.weight', 4, 2, 3, 3), weights('conv.bias', 4), weights('left.weight', 2, 4, 1, 1),
     weights('right.weight', 2, 4, 3, 3), weights('fc.weight', 3, 24), weights('fc.bias', 3),
     numpy_helper.from_array(np.array([0], np.int64), 'axes'), numpy_helper.from_array(np.array([-1], np.int64), 'rest')])
model = helper.make_model(graph, producer_name='tests/data/make_onnx.py',
                          opset_imports=[helper.make_opsetid('', 13)])
onnx.checker.check_model(model)
onnx.save(model, os.path.join(os.path.dirname(__file__), 'small.onnx'))
