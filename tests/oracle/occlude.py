#!/usr/bin/python3
"""occlude.py PROGRAM MODEL.onnx IMAGE... [--step 32] - a square slid over images, against the reference.

For each image and two ways to fill the square, every position's input is covered here and goes through the reference in
float64. The most probable class's probability must agree to within 1e-4, the sum of the layer's strongest map to within
1e-4 of what it is without the square, and the share of the map's projection that the square covers to within 1e-3; the
table's coordinates and the map and the class that were chosen must be those found here."""
import argparse
import csv
import io
import json
import os
import sys
import tempfile

import numpy as np
import torch

from program import Program
from reference import Reference

MEAN, STD = np.array([.485, .456, .406]), np.array([.229, .224, .225])


def softmax(y):
    e = np.exp(y - y.max())
    return e / e.sum()


def look(reference, tensor, x):
    """What the reference makes of an input (3,H,W): the layer's maps (C,Y,X), and the probabilities."""
    with torch.no_grad():
        y = reference.forward(torch.from_numpy(x[None]).double())
    return reference.values[tensor][0].numpy().copy(), softmax(y.numpy().reshape(-1))


def middles(side, step):
    """As many positions as make steps of at most `step`, each in the middle of its part of the side."""
    n = -(-side // step)
    return [(2 * i + 1) * side // (2 * n) for i in range(n)]


def covers(x, fill):
    """The colour (3) that a square shows, as the network gets it; whole levels of 255 as in a picture."""
    level = np.full(3, 128.)
    if fill == 'mean':
        pixels = np.rint((x * STD[:, None, None] + MEAN[:, None, None]) * 255)
        level = np.floor(pixels.reshape(3, -1).mean(1) + .5)
    return (level / 255 - MEAN) / STD


def check(program, model, image, tensor, fill, step, folder):
    """-> the largest differences: probability, activation, energy; and what else is wrong."""
    x = program.prepare(model, image, os.path.join(folder, 'x.npy'))[0].astype(np.float64)
    text = program.run('occlude', '-q', '-m', model, '-l', tensor, '--no-figure', '--fill', fill, '--step', step,
                       '--rows', 'positions', '--csv', image)
    rows, wrong = list(csv.DictReader(io.StringIO(text))), []
    reference, (height, width) = Reference(model), x.shape[1:]
    maps, probability = look(reference, tensor, x)
    best, channel = int(probability.argmax()), int(maps.reshape(len(maps), -1).sum(1).argmax())
    whole = maps[channel].sum()
    r = reference.project(torch.from_numpy(x[None]).double(), tensor, channel, 'all')[0].detach().numpy().reshape(x.shape)
    energy, side, color = (r ** 2).sum(0), (min(height, width) + 2) // 5, covers(x, fill)
    worst = np.zeros(3)
    places = [(y, z) for y in middles(height, step) for z in middles(width, step)]
    if [(int(w['y']), int(w['x'])) for w in rows] != places:
        return worst, ['other positions']
    for (y, z), row in zip(places, rows):
        square = (slice(max(0, y - side // 2), y - side // 2 + side), slice(max(0, z - side // 2), z - side // 2 + side))
        covered = x.copy()
        covered[(slice(None), *square)] = color[:, None, None]
        m, p = look(reference, tensor, covered)
        worst = np.maximum(worst, [abs(p[best] - float(row['probability'])),
                                   abs(m[channel].sum() - float(row['activation'])) / whole,
                                   abs(energy[square].sum() / energy.sum() - float(row['energy']))])
        order = np.sort(p)
        if int(p.argmax()) != int(row['class']) and order[-1] - order[-2] > LIMITS[0]:
            wrong.append(f'class {row["class"]} at {y},{z}, not {p.argmax()}')
    return worst, wrong


LIMITS = np.array([1e-4, 1e-4, 1e-3])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('program')
    p.add_argument('model')
    p.add_argument('images', nargs='+')
    p.add_argument('--layer', type=int, default=25)
    p.add_argument('--step', type=int, default=32)
    args = p.parse_args()
    program, failed = Program(args.program), 0
    layers = [json.loads(line) for line in program.run('layers', '-m', args.model, '--json').splitlines()]
    tensor = next(w['tensor'] for w in layers if w['number'] == args.layer)
    with tempfile.TemporaryDirectory() as folder:
        for image in args.images:
            for fill in ('grey', 'mean'):
                worst, wrong = check(program, args.model, image, tensor, fill, args.step, folder)
                ok = bool((worst <= LIMITS).all()) and not wrong
                failed += not ok
                print(f'{"ok" if ok else "FAILED"} {os.path.basename(image)} {fill}: probability {worst[0]:.1e}, '
                      f'activation {worst[1]:.1e}, energy {worst[2]:.1e}', *wrong)
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
