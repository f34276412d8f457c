#!/usr/bin/python3
"""check_reference.py PROGRAM - compares deconvviz with tests/oracle/reference; needs NumPy alone. Prints TAP."""
import glob
import json
import os
import re
import sys

import numpy as np

from program import Failed, Program

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, 'reference')
TABLE = os.path.join(HERE, '../../src/nn/ops.c')
RULES = ('deconvnet', 'gradient', 'guided')
LIMIT = 1e-4  # float32 sums in another order; each of these units has an ambiguity below 1e-5

# Of the program's operators those that no reference graph has: ONNX's own tests (tests/onnx) and tests/unit hold them.
ELSEWHERE = set("""
    abs cast depth_to_space erf expand gelu instance_normalization layer_normalization log log_softmax max mean min neg
    reciprocal reduce_sum resize selu softplus softsign space_to_depth thresholded_relu tile upsample
""".split())
LOADED = {'shape'}  # computed when a graph is loaded: not in the table


def fields(message):
    """The fields of a protobuf message: (number, bytes) of those that hold bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        size = {0: 0, 1: 8, 5: 4}.get(key & 7)
        if key & 7 == 0:
            varint()
        elif size is None:
            size = varint()
            yield key >> 3, message[at:at + size]
        at += size


def operators_of(path):
    """Of ModelProto.graph (7) each node's (1) op_type (4), as the table spells them."""
    with open(path, 'rb') as f:
        model = f.read()
    return {re.sub('(?<=[a-z])(?=[A-Z])', '_', op.decode()).lower()
            for number, graph in fields(model) if number == 7
            for number, node in fields(graph) if number == 1
            for number, op in fields(node) if number == 4}


def lost_operators():
    """What is wrong with the set of operators that are held against the reference: a list of lines."""
    with open(TABLE) as f:
        table = set(re.findall(r'^ +X\((\w+)\)', f.read(), re.M))
    covered = set().union(*map(operators_of, glob.glob(os.path.join(FOLDER, '*.onnx')))) - LOADED
    return ([f'{op}: in a reference graph, not in the table of operators' for op in sorted(covered - table)] +
            [f'{op}: in ELSEWHERE, not in the table of operators' for op in sorted(ELSEWHERE - table)] +
            [f'{op}: in no reference graph, nor in ELSEWHERE' for op in sorted(table - covered - ELSEWHERE)] +
            [f'{op}: in ELSEWHERE, though a reference graph has it' for op in sorted(covered & ELSEWHERE)])


def relative(a, b):
    a, b = np.asarray(a, np.float64).ravel(), np.asarray(b, np.float64).ravel()
    return np.linalg.norm(a - b) / np.linalg.norm(b) if a.shape == b.shape else np.inf


def compare(program, unit):
    """What is wrong with the activations and projections of one unit: a list of lines."""
    model = os.path.join(FOLDER, f'{unit["graph"]}.onnx')
    x = os.path.join(FOLDER, f'{unit["graph"]}-x.npy')
    stem = os.path.join(FOLDER, f'{unit["graph"]}-{unit["unit"]}')
    faults = []
    error = relative(program.forward(model, x, unit['tensor']), np.load(stem + '.npy'))
    if not error <= LIMIT:
        faults.append(f'activations: error {error:.1e}')
    for rule in RULES:
        (said, r), = program.project(model, x, unit['tensor'], [unit['channel']], rule, unit['position'])
        error = relative(r, np.load(f'{stem}-{rule}.npy'))
        if not error <= LIMIT:
            faults.append(f'{rule}: error {error:.1e}')
        if abs(said['value'] - unit['value']) > LIMIT * max(1, abs(unit['value'])):
            faults.append(f'{rule}: value {said["value"]}, not {unit["value"]}')
    return faults


def tell(n, what, faults):
    print(f'{"not ok" if faults else "ok"} {n} - {what}')
    for fault in faults:
        print('#', fault)
    return bool(faults)


def main():
    program = Program(sys.argv[1])
    with open(os.path.join(FOLDER, 'units.json')) as f:
        units = json.load(f)
    print(f'1..{1 + len(units)}')
    faults = lost_operators()
    failed = tell(1, 'every operator is held against the reference, or said to be elsewhere', faults)
    for n, unit in enumerate(units, 2):
        try:
            faults = compare(program, unit)
        except Failed as e:
            faults = [str(e)]
        what = f'graph {unit["graph"]}, channel {unit["channel"]} of {unit["tensor"]} at {unit["position"]}'
        failed += tell(n, what, faults)
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
