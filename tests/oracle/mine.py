#!/usr/bin/python3
"""mine.py PROGRAM MODEL.onnx FOLDER [--units 50] [--seed 1] - an index against brute force.

Mines every layer over the images of FOLDER, then runs each image through the reference (float64) and finds the nine images
that excite each of some random units most, with nothing but a sort. They must be the same images at the same positions with
the same values to within 1e-4 of the unit's largest; two neighbours in the order that lie closer than that may be exchanged."""
import argparse
import json
import os
import sys
import tempfile

import numpy as np
import torch

from program import Program
from reference import Reference

LIMIT, K = 1e-4, 9


def best_of_each(program, model, images, units, folder):
    """{unit: [(value, image, position) of each image's largest activation]}; a unit is (tensor, channel)."""
    reference, found, path = Reference(model), {u: [] for u in units}, os.path.join(folder, 'x.npy')
    with torch.no_grad():
        for i, image in enumerate(images):
            x = torch.from_numpy(program.prepare(model, image, path)).double()
            reference.forward(x)
            for tensor, channel in units:
                y = reference.values[tensor][0, channel].numpy()
                at = np.unravel_index(y.argmax(), y.shape)
                found[tensor, channel].append((float(y[at]), i, tuple(int(v) for v in at), y))
            for unit in units:                                                   # keeps the maps of those that may count
                found[unit] = sorted(found[unit], key=lambda f: (-f[0], f[1]))[:K + 8]
    return found


def check(hits, brute):
    """-> what is wrong, or None. hits: [value, image, position…] as the index has them; brute: more than there are hits."""
    scale = LIMIT * brute[0][0]
    by_image = {image: (value, y) for value, image, _, y in brute}
    brute = [b for b in brute if b[0] > 0][:K]
    if len(hits) != len(brute):
        return f'{len(hits)} hits, not {len(brute)}'
    for place, (hit, want) in enumerate(zip(hits, brute)):
        value, image, position = hit[0], hit[1], tuple(hit[2:])
        if abs(value - want[0]) > scale:
            return f'hit {place} has {value}, not {want[0]}'
        if image not in by_image or abs(by_image[image][0] - want[0]) > scale:
            return f'hit {place} is image {image}, not {want[1]}'
        if abs(by_image[image][1][position] - value) > scale:
            return f'hit {place} lies at {position}, where the reference has {by_image[image][1][position]}, not {value}'
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('program')
    p.add_argument('model')
    p.add_argument('folder')
    p.add_argument('--units', type=int, default=50)
    p.add_argument('--seed', type=int, default=1)
    args = p.parse_args()
    program = Program(args.program)
    images = sorted(os.path.join(at, f) for at, _, files in os.walk(args.folder) for f in files
                    if f.lower().endswith(('.jpg', '.jpeg', '.png')))
    with tempfile.TemporaryDirectory() as folder:
        listed, path = os.path.join(folder, 'list.txt'), os.path.join(folder, 'index.json')
        with open(listed, 'w') as f:
            f.write('\n'.join(images) + '\n')
        program.run('mine', '-q', '-m', args.model, '-l', 'all', '-o', path, '--list', listed)
        with open(path) as f:
            index = json.load(f)
        every = [(layer['tensor'], u['channel'], u['hits']) for layer in index['layers'] for u in layer['units']]
        chosen = [every[i] for i in np.random.default_rng(args.seed).choice(len(every), min(args.units, len(every)), False)]
        brute = best_of_each(program, args.model, images, [(t, c) for t, c, _ in chosen], folder)
    wrong = 0
    for tensor, channel, hits in chosen:
        said = check(hits, brute[tensor, channel])
        wrong += said is not None
        if said:
            print(f'FAILED {tensor} channel {channel}: {said}')
    print(f'{len(images)} images, {len(chosen)} of {len(every)} units: {len(chosen) - wrong} agree, {wrong} do not')
    sys.exit(wrong > 0)


if __name__ == '__main__':
    main()
