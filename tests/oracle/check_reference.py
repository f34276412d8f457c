#!/usr/bin/python3
"""check_reference.py PROGRAM - compares deconvviz with tests/oracle/reference; needs NumPy alone. Prints TAP."""
import json
import os
import sys

import numpy as np

from program import Failed, Program

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'reference')
RULES = ('deconvnet', 'gradient', 'guided')
LIMIT = 1e-4  # float32 sums in another order; each of these units has an ambiguity below 1e-5


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


def main():
    program = Program(sys.argv[1])
    with open(os.path.join(FOLDER, 'units.json')) as f:
        units = json.load(f)
    print(f'1..{len(units)}')
    failed = 0
    for n, unit in enumerate(units, 1):
        try:
            faults = compare(program, unit)
        except Failed as e:
            faults = [str(e)]
        what = f'graph {unit["graph"]}, channel {unit["channel"]} of {unit["tensor"]} at {unit["position"]}'
        print(f'{"not ok" if faults else "ok"} {n} - {what}')
        for fault in faults:
            print('#', fault)
        failed += bool(faults)
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
