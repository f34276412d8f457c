#!/usr/bin/python3
"""invariance.py PROGRAM MODEL.onnx FOLDER - distances and probabilities of `deconvviz invariance` against the reference.

Four of its photographs, each with another fill. A photograph is resized by Pillow, moved, turned and scaled by NumPy, and run through the reference (float64): distances of
three layers and the output must agree to within 1e-4 of them (and of a millionth of the features' norm), the probability of
the class to 1e-4. Shifts by whole pixels and right angles are exact copies here; scales and other angles are bilinear samples,
or of a triangle as wide as a pixel becomes, written down once more below; the amounts are such that no level lies just half
way between two, where either would be right."""
import argparse
import glob
import json
import os
import sys

import numpy as np
import torch
from PIL import Image

from program import Program
from reference import Reference

LIMIT = 1e-4
SIZE, RESIZE = 224, 256
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
FILLS = ('mean', 'grey', 'edge', 'reflect')


def resized(path):
    """The photograph as torchvision's Resize makes it, and where CenterCrop begins in it."""
    image = Image.open(path).convert('RGB')
    w, h = image.size
    w, h = (RESIZE, RESIZE * h // w) if w <= h else (RESIZE * w // h, RESIZE)
    at = int(round((h - SIZE) / 2.0)), int(round((w - SIZE) / 2.0))
    return np.asarray(image.resize((w, h), Image.BILINEAR), np.float64), at


def bordered(pixels, at, fill, border):
    """The photograph with `border` pixels of what is seen beyond it, and where the view is in that."""
    pad = ((border, border), (border, border), (0, 0))
    if fill in ('edge', 'reflect'):
        return np.pad(pixels, pad, mode={'edge': 'edge', 'reflect': 'symmetric'}[fill]), (at[0] + border, at[1] + border)
    view = pixels[at[0]:at[0] + SIZE, at[1]:at[1] + SIZE]
    color = np.floor(view.mean((0, 1)) + 0.5) if fill == 'mean' else np.full(3, 128.0)
    out = np.tile(color, (pixels.shape[0] + 2 * border, pixels.shape[1] + 2 * border, 1))
    out[border:-border, border:-border] = pixels
    return out, (at[0] + border, at[1] + border)


def triangle(places, half, n):
    """(len(places), n) weights of n pixels for each place (in pixel edges)."""
    distance = np.abs(places[:, None] - (np.arange(n)[None] + 0.5))
    weights = np.maximum(0, 1 - distance / half)
    return weights / weights.sum(1, keepdims=True)


def transformed(pixels, at, kind, amount):
    """What the network sees, levels; pixels reach beyond all that is."""
    y0, x0 = at
    if kind == 'translation':
        y0 -= int(amount)
        return pixels[y0:y0 + SIZE, x0:x0 + SIZE]
    view = pixels[y0:y0 + SIZE, x0:x0 + SIZE]
    if kind == 'rotation' and amount % 90 == 0:
        return np.rot90(view, int(amount // 90))
    from_middle = np.arange(SIZE) + 0.5 - SIZE / 2
    if kind == 'scale':
        half = max(1, 1 / amount)
        rows = triangle(y0 + SIZE / 2 + from_middle / amount, half, pixels.shape[0])
        columns = triangle(x0 + SIZE / 2 + from_middle / amount, half, pixels.shape[1])
        return np.floor(np.einsum('yi,xj,ijc->yxc', rows, columns, pixels, optimize=True) + 0.5)
    a = np.deg2rad(amount)
    dy, dx = np.meshgrid(from_middle, from_middle, indexing='ij')
    px = x0 + SIZE / 2 + dx * np.cos(a) - dy * np.sin(a) - 0.5
    py = y0 + SIZE / 2 + dx * np.sin(a) + dy * np.cos(a) - 0.5
    ix, iy = np.floor(px).astype(int), np.floor(py).astype(int)
    fx, fy = (px - ix)[..., None], (py - iy)[..., None]
    top = pixels[iy, ix] * (1 - fx) + pixels[iy, ix + 1] * fx
    bottom = pixels[iy + 1, ix] * (1 - fx) + pixels[iy + 1, ix + 1] * fx
    return np.floor(top * (1 - fy) + bottom * fy + 0.5)


def run(reference, levels, tensors):
    x = ((levels / 255 - MEAN) / STD).transpose(2, 0, 1)[None]
    with torch.no_grad():
        output = reference.forward(torch.from_numpy(np.ascontiguousarray(x)))
    return {t: reference.values[t].numpy().ravel() for t in tensors}, torch.softmax(output.flatten(), 0).numpy()


def compare(program, model, photograph, fill, layers, amounts):
    """-> (rows compared, worst error, what is wrong)"""
    reference = Reference(model)
    text = program.run('invariance', '-m', model, '--preprocess', 'imagenet', '--fill', fill, '-l', ','.join(layers),
                       '--pairs', 0, '--no-figure', '--json', *amounts, photograph)
    said = [row for row in map(json.loads, text.splitlines()) if row['row'] == 'image']
    table = {str(r['number']): r['tensor'] for r in map(json.loads, program.run('layers', '-m', model, '--json').splitlines())}
    tensors = {layer: table[layer] for layer in layers}
    pixels, at = resized(photograph)
    pixels, at = bordered(pixels, at, fill, 200)
    before, scores = run(reference, pixels[at[0]:at[0] + SIZE, at[1]:at[1] + SIZE], tensors.values())
    wrong, worst, cache = [], 0.0, {}
    for row in said:
        key = row['kind'], row['amount']
        if key not in cache:
            cache = {key: run(reference, transformed(pixels, at, *key), tensors.values())}
        now, probabilities = cache[key]
        a, b = now[tensors[row['layer']]], before[tensors[row['layer']]]
        want, norm = np.linalg.norm(a - b), np.linalg.norm(b)
        error = abs(row['distance'] - want) / max(want, 1e-6 * norm)
        drift = abs(row['probability'] - probabilities[scores.argmax()])
        worst = max(worst, error)
        if error > LIMIT or drift > LIMIT or row['class'] != scores.argmax():
            wrong.append(f'{key} layer {row["layer"]} fill {fill}: {row["distance"]}, not {want}; probability '
                         f'{row["probability"]}, not {probabilities[scores.argmax()]}')
    return len(said), worst, wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('program')
    p.add_argument('model')
    p.add_argument('folder')
    p.add_argument('--layers', default='1,10,26')
    o = p.parse_args()
    torch.set_num_threads(1)
    runs = (['--shift', '-56,56,5', '--scale', '0.7137,1.6131,3', '--rotation', '0,270,4'],
            ['--kind', 'rotation', '--rotation', '17.3,211.7,4'])
    program, failed, total = Program(o.program), 0, 0
    photographs = sorted(glob.glob(os.path.join(o.folder, '*')))
    for fill, photograph in zip(FILLS, photographs[len(photographs) // 8::max(1, len(photographs) // 4)]):
        found = [compare(program, o.model, os.path.abspath(photograph), fill, o.layers.split(','), r) for r in runs]
        n, worst, wrong = sum(f[0] for f in found), max(f[1] for f in found), [line for f in found for line in f[2]]
        total += n
        failed += len(wrong)
        for line in wrong:
            print('FAILED', line)
        print(f'{os.path.basename(photograph)}, fill {fill}: {n - len(wrong)} of {n}, worst distance {worst:.1e}', flush=True)
    print(f'{total - failed} passed, {failed} failed')
    sys.exit(failed > 0 or total == 0)


if __name__ == '__main__':
    main()
