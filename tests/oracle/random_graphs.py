#!/usr/bin/python3
"""Random small ONNX graphs: chains and DAGs over every operator that deconvviz knows, in the forms of a random
operator set, with random geometry and He-initialised weights. The same seed gives the same graph.

    random_graphs.py FOLDER [--first SEED] [--count N]     writes SEED.onnx and SEED.npy, its input
"""
import argparse
import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from reference import Reference

MAX_ELEMENTS = 6000  # of any tensor: keeps a graph at milliseconds


class Rejected(Exception):
    """A step that does not apply here, or whose result is no good to look at."""


class Graph:
    """An ONNX graph that grows node by node; each node is computed at once, so shapes are always known."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.opset = int(self.rng.integers(9, 18))
        self.nodes, self.constants = [], {}
        self.ops = Reference.__new__(Reference)
        self.ops.method = 'gradient'
        self.ops.model = helper.make_model(helper.make_graph([], 'g', [], []),
                                           opset_imports=[helper.make_opsetid('', self.opset)])
        c = self.pick([1, 2, 3, 3, 4])
        shape = (1, c, self.int(5, 22), self.int(5, 22))
        self.x = self.rng.standard_normal(shape).astype(np.float32)
        self.values = {'input': torch.from_numpy(self.x).double()}  # activations, in order

    # -- chance ---------------------------------------------------------------------------------
    def int(self, lo, hi):
        return int(self.rng.integers(lo, hi + 1))

    def pick(self, of):
        return of[self.int(0, len(of) - 1)]

    def chance(self, p):
        return self.rng.random() < p

    def recent(self, rank=4):
        """An activation, mostly one of the last three."""
        names = [n for n, v in self.values.items() if v.dim() == rank]
        if not names:
            raise Rejected
        return self.pick(names[-3:] if self.chance(0.8) else names)

    # -- growing --------------------------------------------------------------------------------
    def constant(self, array, dtype=np.float32):
        array = np.asarray(array, dtype)
        name = f'c{len(self.constants)}'
        self.constants[name] = array
        return name

    def shape(self, name):
        return list(self.values[name].shape)

    def node(self, op, inputs, outputs=1, quiet=False, **attributes):
        """Adds a node and returns its output's name (a list of names for several outputs)."""
        base = len(self.nodes)
        names = [f't{base}' if outputs == 1 else f't{base}_{i}' for i in range(outputs)]
        node = helper.make_node(op, inputs, names, **attributes)
        if self.chance(0.5):
            node.name = f'{op}_{base}'
        given = {p.name: helper.get_attribute_value(p) for p in node.attribute}
        values = [None if n == '' else self.values[n] if n in self.values else self.as_tensor(n) for n in inputs]
        result = getattr(self.ops, 'op_' + op)(given, *values)
        result = list(result) if isinstance(result, (tuple, list)) else [result]
        for r in result:
            if not quiet and (r.numel() == 0 or r.numel() > MAX_ELEMENTS or not torch.isfinite(r).all() or
                              float(r.abs().max()) > 1e3 or float(r.abs().max()) < 1e-3):
                raise Rejected
        self.nodes.append(node)
        self.values.update(zip(names, result))
        return names[0] if outputs == 1 else names

    def as_tensor(self, name):
        a = torch.from_numpy(np.atleast_1d(self.constants[name]).copy() if self.constants[name].ndim == 0
                             else self.constants[name].copy())
        return a.double() if a.is_floating_point() else a

    def weight(self, shape, fan_in):
        return self.constant(self.rng.standard_normal(shape) * np.sqrt(2.0 / fan_in))

    def ints(self, op_inputs, attributes, name, numbers, as_input):
        """Numbers that an operator takes as an attribute or, in later operator sets, as an input."""
        if as_input:
            op_inputs.append(self.constant(numbers, np.int64))
        else:
            attributes[name] = list(numbers)

    # -- where windows go -----------------------------------------------------------------------
    def window(self, size, max_kernel, dilate, pad_below_kernel):
        """kernel_shape, strides, dilations and padding that leave at least one output."""
        k = [self.int(1, max_kernel) for _ in (0, 1)]
        s = [self.pick([1, 1, 2, 3]) for _ in (0, 1)]
        d = [self.pick([1, 1, 1, 2, 3]) if dilate else 1 for _ in (0, 1)]
        a = {'kernel_shape': k}
        if s != [1, 1] or self.chance(0.5):
            a['strides'] = s
        if d != [1, 1]:
            a['dilations'] = d
        reach = [(k[i] - 1) * d[i] + 1 for i in (0, 1)]
        kind = self.pick(['none', 'pads', 'pads', 'SAME_UPPER', 'SAME_LOWER', 'VALID'])
        if kind == 'pads':
            most = [k[i] - 1 if pad_below_kernel else reach[i] for i in (0, 1)]
            a['pads'] = [self.int(0, most[i % 2]) for i in range(4)]
        elif kind != 'none':
            a['auto_pad'] = kind
        p = a.get('pads', [0] * 4)
        for i in (0, 1):
            if not kind.startswith('SAME') and size[i] + p[i] + p[2 + i] < reach[i]:
                raise Rejected
        return a

    def model(self, output):
        graph_inputs = [helper.make_tensor_value_info('input', TensorProto.FLOAT, self.x.shape)]
        initializers = []
        used = {n for node in self.nodes for n in node.input}
        listed = self.chance(0.2)  # as files of IR version 3 do
        for name, array in self.constants.items():
            if name not in used:
                continue
            if self.chance(0.2):
                kind = TensorProto.FLOAT if array.dtype == np.float32 else TensorProto.INT64
                t = helper.make_tensor(name, kind, array.shape, array.ravel().tolist())
            else:
                t = numpy_helper.from_array(array, name)
            initializers.append(t)
            if listed:
                graph_inputs.append(helper.make_tensor_value_info(name, t.data_type, array.shape))
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, self.shape(output))
        graph = helper.make_graph(self.nodes, 'random', graph_inputs, [result], initializers)
        m = helper.make_model(graph, opset_imports=[helper.make_opsetid('', self.opset)],
                              ir_version=3 if listed and self.opset == 9 else 7)
        # onnx 1.12 infers one window too many where the last one of ceil_mode would start in the far padding.
        ceil = any(a.name == 'ceil_mode' for node in self.nodes for a in node.attribute)
        onnx.checker.check_model(m, full_check=not ceil)
        return m


# -- one step: a node, or a few that belong together -------------------------------------------------
def conv(g, x=None):
    x = x or g.recent()
    c, h, w = g.shape(x)[1:]
    a = g.window((h, w), 5, True, False)
    group = g.pick([n for n in range(1, c + 1) if c % n == 0] + [1])
    out = group * g.int(1, max(1, 8 // group))
    k = a['kernel_shape']
    inputs = [x, g.weight((out, c // group, *k), c // group * k[0] * k[1])]
    if g.chance(0.6):
        inputs.append(g.constant(g.rng.standard_normal(out) * 0.2))
    if g.chance(0.3):
        del a['kernel_shape']
    if group > 1:
        a['group'] = group
    return g.node('Conv', inputs, **a)


def conv_relu(g):
    return g.node('Relu', [conv(g)])


def conv_bn_relu(g):
    return g.node('Relu', [batch_norm(g, conv(g))])


def conv_transpose(g):
    x = g.recent()
    c, h, w = g.shape(x)[1:]
    k, s = [g.int(1, 4), g.int(1, 4)], [g.int(1, 3), g.int(1, 3)]
    d = [g.pick([1, 1, 2]), g.pick([1, 1, 2])]
    group = g.pick([n for n in range(1, c + 1) if c % n == 0] + [1])
    out = group * g.int(1, max(1, 6 // group))
    a = {'strides': s, 'kernel_shape': k}
    if d != [1, 1]:
        a['dilations'] = d
    if group > 1:
        a['group'] = group
    if g.chance(0.6):
        a['pads'] = [g.int(0, (k[i % 2] - 1) * d[i % 2]) for i in range(4)]
    if g.chance(0.4):
        a['output_padding'] = [g.int(0, s[i] - 1) for i in (0, 1)]
    inputs = [x, g.weight((c, out // group, *k), c / group * k[0] * k[1] / (s[0] * s[1]))]
    if g.chance(0.6):
        inputs.append(g.constant(g.rng.standard_normal(out) * 0.2))
    return g.node('ConvTranspose', inputs, **a)


def max_pool(g):
    x = g.recent()
    a = g.window(g.shape(x)[2:], 4, g.opset >= 10, True)
    if g.opset >= 10 and g.chance(0.4):
        a['ceil_mode'] = 1
    return g.node('MaxPool', [x], **a)


def average_pool(g):
    x = g.recent()
    a = g.window(g.shape(x)[2:], 4, False, True)
    if g.opset >= 10 and g.chance(0.4):
        a['ceil_mode'] = 1
    if g.chance(0.5):
        a['count_include_pad'] = 1
    return g.node('AveragePool', [x], **a)


def batch_norm(g, x=None):
    x = x or g.recent()
    c = g.shape(x)[1]
    gamma = g.constant(g.rng.uniform(0.5, 1.5, c) * np.where(g.rng.random(c) < 0.2, -1, 1))
    a = {'epsilon': 1e-3} if g.chance(0.5) else {}
    return g.node('BatchNormalization', [x, gamma, g.constant(g.rng.standard_normal(c) * 0.2),
                                         g.constant(g.rng.standard_normal(c) * 0.2),
                                         g.constant(g.rng.uniform(0.3, 2, c))], **a)


def clip(g, x, lo, hi):
    if g.opset < 11:
        a = {'min': float(lo)} if lo is not None else {}
        a.update({'max': float(hi)} if hi is not None else {})
        return g.node('Clip', [x], **a)
    inputs = [x, '' if lo is None else g.constant(lo)]
    if hi is not None:
        inputs.append(g.constant(hi))
    return g.node('Clip', inputs)


def activation(g):
    x = g.recent(g.pick([4, 4, 4, 4, 2]))
    c = g.shape(x)[1]
    kinds = {
        'Relu': lambda: g.node('Relu', [x]),
        'Relu6': lambda: clip(g, x, 0, g.pick([0.5, 1, 6])),
        'Clip': lambda: clip(g, x, g.pick([-0.7, -0.2, 0.1]), g.pick([0.5, 1])),
        'ClipUp': lambda: clip(g, x, g.pick([0, -0.5]), None),
        'LeakyRelu': lambda: g.node('LeakyRelu', [x], **({'alpha': 0.2} if g.chance(0.5) else {})),
        'PRelu': lambda: g.node('PRelu', [x, g.constant(
            g.rng.uniform(0, 0.5, g.pick([(1,), (c, 1, 1)]) if len(g.shape(x)) == 4 else (1,)))]),
        'Elu': lambda: g.node('Elu', [x], alpha=0.7),
        'Sigmoid': lambda: g.node('Sigmoid', [x]),
        'Tanh': lambda: g.node('Tanh', [x]),
        'HardSigmoid': lambda: g.node('HardSigmoid', [x], alpha=0.25, beta=0.4),
        'Softmax': lambda: g.node('Softmax', [x], **({} if g.chance(0.3) else {'axis': g.pick([1, 1, -1])})),
    }
    if g.opset >= 14:
        kinds['HardSwish'] = lambda: g.node('HardSwish', [x])
    return kinds[g.pick(list(kinds))]()


def relu(g):
    return g.node('Relu', [g.recent()])


def swish(g):
    x = g.recent()
    return g.node('Mul', [x, g.node('Sigmoid', [x])])


def hard_swish_in_parts(g):
    """As exporters write it before operator set 14."""
    x = g.recent()
    y = clip(g, g.node('Add', [x, g.constant(3.0)]), 0, 6)
    return g.node('Div', [g.node('Mul', [x, y]), g.constant(6.0)])


def squeeze_excite(g):
    x = g.recent()
    c = g.shape(x)[1]
    y = g.node('GlobalAveragePool', [x])
    y = g.node('Relu', [g.node('Conv', [y, g.weight((2, c, 1, 1), c)])])
    y = g.node('Sigmoid', [g.node('Conv', [y, g.weight((c, 2, 1, 1), 2), g.constant(g.rng.standard_normal(c))])])
    return g.node('Mul', [x, y] if g.chance(0.5) else [y, x])


def layer_norm(g):
    x = g.recent(g.pick([4, 4, 4, 2]))
    shape = g.shape(x)
    axis = g.int(-len(shape), len(shape) - 1)
    inputs = [x, g.constant(g.rng.uniform(0.5, 1.5, shape[axis:]))]
    if g.chance(0.7):
        inputs.append(g.constant(g.rng.standard_normal(shape[axis:]) * 0.2))
    a = {} if axis == -1 and g.chance(0.5) else {'axis': axis}
    if g.chance(0.5):
        a['epsilon'] = 1e-3
    return g.node('LayerNormalization', inputs, **a)


def lrn(g):
    a = {'size': g.int(1, 5), 'alpha': g.pick([1e-4, 0.1, 1.0]), 'beta': g.pick([0.75, 0.5])}
    if g.chance(0.5):
        a['bias'] = 2.0
    return g.node('LRN', [g.recent()], **a)


def positive_power(g):
    x = g.node('Add', [g.node('Sigmoid', [g.recent()]), g.constant([[[0.2]]])])
    if g.chance(0.3):
        return g.node('Sqrt', [x])
    return g.node('Pow', [x, g.constant(g.pick([0.75, 2.0, -0.5]))])


def exp_div(g):
    x = g.recent()
    y = g.node('Exp', [g.node('Tanh', [x])])
    return g.node('Div', [x, y])


def residual(g):
    """Two tensors of one shape, joined."""
    x = g.recent()
    same = [n for n, v in g.values.items() if v.shape == g.values[x].shape]
    y = g.pick(same)
    if y == x:
        y = g.node(g.pick(['Relu', 'Tanh', 'Identity']), [x])
    op = g.pick(['Add', 'Add', 'Add', 'Sum', 'Sub', 'Mul'])
    inputs = [x, y] + ([g.pick(same)] if op == 'Sum' and g.chance(0.5) else [])
    return g.node(op, inputs)


def residual_block(g):
    x = g.recent()
    c = g.shape(x)[1]
    y = x
    for _ in (0, 1):
        y = g.node('Conv', [y, g.weight((c, c, 3, 3), 9 * c), g.constant(g.rng.standard_normal(c) * 0.1)],
                   pads=[1, 1, 1, 1])
        y = batch_norm(g, y) if g.chance(0.5) else y
        y = g.node('Relu', [y]) if _ == 0 else y
    return g.node('Relu', [g.node('Add', [y, x] if g.chance(0.5) else [x, y])])


def with_constant(g):
    x = g.recent()
    c, h, w = g.shape(x)[1:]
    shape = g.pick([(), (1,), (c, 1, 1), (1, c, 1, 1), (h, w), (w,)])
    k = g.constant(g.rng.uniform(0.5, 1.5, shape))
    return g.node(g.pick(['Add', 'Mul', 'Sub', 'Div']), [x, k])


def constant_minus(g):
    x = g.recent()
    k = g.constant(g.rng.uniform(0.5, 1.5, g.pick([(), (g.shape(x)[1], 1, 1)])))
    return g.node(g.pick(['Sub', 'Add', 'Mul']), [k, x])


def broadcast(g):
    x = g.recent()
    y = g.node(g.pick(['GlobalAveragePool', 'GlobalMaxPool']), [x])
    return g.node(g.pick(['Add', 'Mul', 'Sub']), [x, y] if g.chance(0.7) else [y, x])


def concat(g):
    x = g.recent()
    axis = g.pick([1, 1, 1, 2, 3, -3])
    shape = g.shape(x)
    fits = [n for n, v in g.values.items() if v.dim() == 4 and
            all(v.shape[i] == shape[i] for i in range(4) if i != axis % 4)]
    return g.node('Concat', [x] + [g.pick(fits) for _ in range(g.int(1, 2))], axis=axis)


def split(g):
    x = g.recent()
    axis = g.pick([1, 1, 2, 3])
    n = g.shape(x)[axis]
    if n < 2:
        raise Rejected
    first = g.int(1, n - 1)
    sizes = [first, n - first] if n < 3 or g.chance(0.6) else [1, n - 2, 1]
    inputs, a = [x], {'axis': axis}
    g.ints(inputs, a, 'split', sizes, g.opset >= 13)
    parts = g.node('Split', inputs, outputs=len(sizes), **a)
    g.pick(parts)
    if g.chance(0.4):  # put together again the other way round
        return g.node('Concat', parts[::-1], axis=axis)
    return parts[0]


def slice_(g):
    x = g.recent()
    axes = sorted(g.rng.choice([1, 2, 3], g.int(1, 2), replace=False).tolist())
    starts, ends, steps = [], [], []
    for i in axes:
        n = g.shape(x)[i]
        lo = g.int(0, n - 1)
        hi = g.int(lo + 1, n)
        starts.append(lo - n if g.chance(0.3) else lo)
        ends.append(2**31 if hi == n and g.chance(0.5) else hi - n if hi < n and g.chance(0.3) else hi)
        steps.append(g.pick([1, 1, 2]))
    if g.opset < 10:
        return g.node('Slice', [x], axes=axes, starts=starts, ends=ends)
    inputs = [x, g.constant(starts, np.int64), g.constant(ends, np.int64), g.constant(axes, np.int64)]
    if steps != [1] * len(axes):
        inputs.append(g.constant(steps, np.int64))
    return g.node('Slice', inputs)


def pad(g):
    x = g.recent()
    mode = g.pick(['constant', 'constant', 'reflect', 'edge'])
    h, w = g.shape(x)[2:]
    most = [2, 2] if mode != 'reflect' else [min(2, h - 1), min(2, w - 1)]
    pads = [0, 0, g.int(0, most[0]), g.int(0, most[1]), 0, 0, g.int(0, most[0]), g.int(0, most[1])]
    if mode == 'constant' and g.chance(0.3):
        pads[1] = 1
    inputs, a = [x], {'mode': mode} if mode != 'constant' or g.chance(0.5) else {}
    g.ints(inputs, a, 'pads', pads, g.opset >= 11)
    if mode == 'constant' and g.chance(0.3):
        if g.opset < 11:
            a['value'] = 0.3
        else:
            inputs.append(g.constant(0.3))
    return g.node('Pad', inputs, **a)


def shuffle(g):
    """Channel shuffle: Reshape, Transpose, Reshape."""
    x = g.recent()
    n, c, h, w = g.shape(x)
    if c % 2 or c < 4:
        raise Rejected
    y = g.node('Reshape', [x, g.constant([n, 2, c // 2, h, w], np.int64)])
    y = g.node('Transpose', [y], perm=[0, 2, 1, 3, 4])
    return g.node('Reshape', [y, g.constant([n, -1, h, w], np.int64)])


def transpose(g):
    return g.node('Transpose', [g.recent()], perm=g.pick([[0, 1, 3, 2], [0, 2, 1, 3], [0, 3, 1, 2]]))


def identity(g):
    x = g.recent()
    if g.chance(0.5):
        return g.node('Identity', [x])
    if g.opset < 12:
        return g.node('Dropout', [x], ratio=0.3)
    return g.node('Dropout', [x, g.constant(0.3)])


def squeeze_unsqueeze(g):
    x = g.recent()
    inputs, a = [x], {}
    axes = [0]
    g.ints(inputs, a, 'axes', axes, g.opset >= 13)
    y = g.node('Squeeze', inputs, **a)
    inputs, a = [y], {}
    g.ints(inputs, a, 'axes', axes, g.opset >= 13)
    return g.node('Unsqueeze', inputs, **a)


def reduce_mean(g):
    if g.chance(0.5):
        return g.node('ReduceMean', [g.recent()], axes=g.pick([[2, 3], [-1, -2]]), keepdims=1)
    return g.node('ReduceMean', [g.recent()], axes=[2, 3], keepdims=0)


STEPS = [(conv, 6), (conv_relu, 6), (conv_bn_relu, 3), (max_pool, 5), (average_pool, 3), (relu, 2), (activation, 4),
         (batch_norm, 2), (conv_transpose, 2), (residual, 3), (residual_block, 2), (concat, 3), (split, 2),
         (slice_, 2), (pad, 2), (with_constant, 2), (constant_minus, 1), (broadcast, 1), (squeeze_excite, 1),
         (swish, 1), (hard_swish_in_parts, 1), (lrn, 2), (positive_power, 1), (exp_div, 1), (shuffle, 1),
         (transpose, 1), (identity, 1), (squeeze_unsqueeze, 1)]
STEPS_FROM_17 = [(layer_norm, 6)]


# -- the end of a graph: a vector, and what follows it ------------------------------------------------
def flatten(g, x):
    n, c, h, w = g.shape(x)
    kind = g.pick(['Flatten', 'Reshape', 'Reshape0', 'Shape', 'Global', 'ReduceMean', 'Squeeze'])
    if kind == 'Flatten':
        return g.node('Flatten', [x], **({'axis': 1} if g.chance(0.5) else {}))
    if kind == 'Reshape':
        return g.node('Reshape', [x, g.constant([1, -1], np.int64)])
    if kind == 'Reshape0':
        return g.node('Reshape', [x, g.constant([0, c * h * w], np.int64)])
    if kind == 'Shape':  # as x.view(x.size(0), -1) is exported
        s = g.node('Shape', [x], quiet=True)
        s = g.node('Gather', [s, g.constant(0, np.int64)], quiet=True, axis=0)
        inputs, a = [s], {}
        g.ints(inputs, a, 'axes', [0], g.opset >= 13)
        s = g.node('Unsqueeze', inputs, quiet=True, **a)
        s = g.node('Concat', [s, g.constant([-1], np.int64)], quiet=True, axis=0)
        return g.node('Reshape', [x, s])
    if kind == 'ReduceMean':
        return g.node('ReduceMean', [x], axes=[2, 3], keepdims=0)
    y = g.node('GlobalAveragePool' if g.chance(0.5) else 'GlobalMaxPool', [x])
    if kind == 'Global':
        return g.node('Flatten', [y])
    inputs, a = [y], {}
    g.ints(inputs, a, 'axes', [2, 3], g.opset >= 13)
    return g.node('Squeeze', inputs, **a)


def dense(g, x):
    n = g.shape(x)[1]
    m = g.int(2, 10)
    if g.chance(0.3):
        y = g.node('MatMul', [x, g.weight((n, m), n)])
        return g.node('Add', [y, g.constant(g.rng.standard_normal(m) * 0.2)]) if g.chance(0.5) else y
    trans = g.chance(0.7)
    inputs = [x, g.weight((m, n) if trans else (n, m), n)]
    a = {'transB': 1} if trans else {}
    if g.opset < 11 or g.chance(0.7):
        inputs.append(g.constant(g.rng.standard_normal(g.pick([(m,), (1, m)])) * 0.2))
    if g.chance(0.3):
        a['alpha'] = 0.7
    if g.chance(0.3) and len(inputs) == 3:
        a['beta'] = 1.3
    return g.node('Gemm', inputs, **a)


def head(g):
    y = flatten(g, g.recent())
    for _ in range(g.int(1, 2)):
        y = dense(g, y)
        if g.chance(0.6):
            y = g.node(g.pick(['Relu', 'Tanh', 'Sigmoid']), [y])
    if g.chance(0.2):
        y = g.node('Softmax', [y], axis=1)
    return y


def attempt(g, step, *args):
    """Runs a step; undoes what it added when it is rejected. Returns the new tensor or None."""
    nodes, values, constants = len(g.nodes), dict(g.values), dict(g.constants)
    try:
        return step(g, *args)
    except Rejected:
        del g.nodes[nodes:]
        g.values, g.constants = values, constants
        return None


def random_graph(seed):
    """(model, input, names of the float activations that may be targets)"""
    g = Graph(seed)
    steps = [s for s, weight in STEPS + (STEPS_FROM_17 if g.opset >= 17 else []) for _ in range(weight)]
    wanted = g.int(3, 14)
    last = None
    while len(g.nodes) < wanted:
        last = attempt(g, g.pick([conv, conv_relu] if not g.nodes and g.chance(0.7) else steps)) or last
    if g.chance(0.5):
        last = attempt(g, head) or attempt(g, reduce_mean) or last
    targets = [n for n, v in g.values.items()
               if n != 'input' and v.is_floating_point() and v.dim() in (2, 4) and v.shape[0] == 1]
    return g.model(last), g.x, targets


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folder')
    p.add_argument('--first', type=int, default=0)
    p.add_argument('--count', type=int, default=1)
    o = p.parse_args()
    os.makedirs(o.folder, exist_ok=True)
    for seed in range(o.first, o.first + o.count):
        model, x, _ = random_graph(seed)
        onnx.save(model, os.path.join(o.folder, f'{seed}.onnx'))
        np.save(os.path.join(o.folder, f'{seed}.npy'), x)


if __name__ == '__main__':
    main()
