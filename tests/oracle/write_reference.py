#!/usr/bin/python3
"""Writes tests/oracle/reference: random graphs that between them hold every operator, and for some units of each
what the reference says, for `make check` to compare with where there is no PyTorch (check_reference.py).

Only units whose ambiguity is far below the limit are taken, so the limit there is 1e-4, without exception."""
import json
import os
import shutil

import numpy as np
import onnx
import torch

import random_graphs
from reference import HERE, RULES, Reference

FOLDER = os.path.join(HERE, 'reference')
GRAPHS, SEEDS = 24, range(5000, 5400)


def features(model):
    """Operators, and the forms that are easy to get wrong."""
    found = set()
    for n in model.graph.node:
        found.add(n.op_type)
        for a in n.attribute:
            value = onnx.helper.get_attribute_value(a)
            if a.name in ('auto_pad', 'mode', 'ceil_mode', 'count_include_pad', 'group', 'dilations', 'output_padding'):
                found.add((n.op_type, a.name, str(value) if a.name in ('auto_pad', 'mode') else ''))
    return found


def choose():
    """Seeds, greedily: each adds most that no earlier one has."""
    have = {s: features(random_graphs.random_graph(s)[0]) for s in SEEDS}
    chosen, covered = [], set()
    while len(chosen) < GRAPHS:
        best = max(have, key=lambda s: (len(have[s] - covered), -s))
        covered |= have.pop(best)
        chosen.append(best)
    return sorted(chosen)


def units(reference, x, targets, rng):
    """Two tensors of a graph (the last one too) and a clear unit of each: (tensor, channel, position)."""
    for tensor in [targets[-1], *rng.permutation(targets[:-1]).tolist()][:4]:
        with torch.no_grad():
            y = reference.forward(x, tensor)
        channel = int(rng.integers(0, y.shape[1]))
        position = None
        if y.dim() == 4 and rng.random() < 0.7:
            position = [int(rng.integers(0, y.shape[2])), int(rng.integers(0, y.shape[3]))]
        worst = 0.0
        for reference.method in RULES:
            r = reference.project(x, tensor, channel, 'all' if position is None and y.dim() == 4 else position or 'max')
            if float(r[0].norm()) < 1e-3:
                worst = 1.0
                break
            worst = max(worst, reference.ambiguity(x, tensor, channel, None if y.dim() == 4 and position is None
                                                   else position or 'max'))
        if worst < 1e-5:
            yield tensor, channel, position, y


def main():
    torch.set_num_threads(2)
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    rows = []
    for seed in choose():
        model, x, targets = random_graphs.random_graph(seed)
        path = os.path.join(FOLDER, f'{seed}.onnx')
        onnx.save(model, path)
        np.save(os.path.join(FOLDER, f'{seed}-x.npy'), x)
        reference = Reference(path)
        x = torch.from_numpy(x).double()
        rng = np.random.default_rng(seed)
        for i, (tensor, channel, position, y) in enumerate(list(units(reference, x, targets, rng))[:2]):
            np.save(os.path.join(FOLDER, f'{seed}-{i}.npy'), y.numpy().astype(np.float32))
            for reference.method in RULES:
                at = 'all' if position is None and y.dim() == 4 else position or 'max'
                r, value, _, _ = reference.project(x, tensor, channel, at)
                np.save(os.path.join(FOLDER, f'{seed}-{i}-{reference.method}.npy'), r[0].numpy().astype(np.float32))
            rows.append({'graph': seed, 'unit': i, 'tensor': tensor, 'channel': channel, 'value': value,
                         'position': 'all' if at == 'all' else 'max' if at == 'max' else f'{at[0]},{at[1]}'})
    with open(os.path.join(FOLDER, 'units.json'), 'w') as f:
        f.write('[\n' + ',\n'.join(json.dumps(r) for r in rows) + '\n]\n')
    print(len(rows), 'units')


if __name__ == '__main__':
    main()
