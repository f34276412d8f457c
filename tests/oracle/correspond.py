#!/usr/bin/python3
"""correspond.py PROGRAM TINY-IMAGENET.zip - `deconvviz correspond` on the built-in zfnet64 and the dog faces of
models/dog-faces-tiny-imagenet.json, against PyTorch in float64 and NumPy: boxes and resampled images are drawn again
from the same seed, all else is written down from the definitions."""
import argparse
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../models')
MASK = (1 << 64) - 1
LEAST = 1e-5  # of the largest activation: a smaller change is none


# -- chance: src/base/random.h ---------------------------------------------------------------------

def random_at(seed, i):
    x = ((seed + 1) * 0xd1342543de82ef95 + i * 0x9e3779b97f4a7c15) & MASK
    x = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ x >> 27) * 0x94d049bb133111eb) & MASK
    return x ^ x >> 31


class Random:
    def __init__(self, seed):
        self.seed, self.at = seed, 0

    def below(self, n):
        spare = (1 << 32) % n
        while True:
            product = (random_at(self.seed, self.at) >> 32) * n
            self.at += 1
            if (product & 0xffffffff) >= spare:
                return product >> 32


# -- the network ---------------------------------------------------------------------------------

def read_safetensors(path):
    with open(path, 'rb') as f:
        data = f.read()
    n = int.from_bytes(data[:8], 'little')
    types = {'F16': np.float16, 'F32': np.float32}
    head = json.loads(data[8:8 + n])
    return {name: torch.from_numpy(np.frombuffer(data[8 + n:], types[t['dtype']],
                                                 offset=t['data_offsets'][0], count=math.prod(t['shape']))
                                   .reshape(t['shape']).astype(np.float64))
            for name, t in head.items() if name != '__metadata__'}


class Network:
    def __init__(self, name):
        with open(os.path.join(MODELS, name + '.json')) as f:
            self.net = json.load(f)
        self.weights = read_safetensors(os.path.join(MODELS, self.net['weights']))

    def input(self, pixels):
        p = self.net['preprocess']
        return (pixels.astype(np.float64) * p['scale'] - p['mean']) / p['std']

    def activations(self, pixels, wanted):
        x = torch.from_numpy(self.input(pixels).transpose(2, 0, 1)[None])
        kept = {}
        for node in self.net['nodes']:
            op, w = node['op'], node.get('weights')
            if op == 'Conv':
                x = F.conv2d(x, self.weights[w + '.weight'], self.weights[w + '.bias'], node['strides'],
                             node['pads'][:2])
            elif op == 'Gemm':
                x = F.linear(x, self.weights[w + '.weight'], self.weights[w + '.bias'])
            elif op == 'Relu':
                x = F.relu(x)
            elif op == 'MaxPool':
                x = F.max_pool2d(x, node['kernel_shape'], node['strides'], node['pads'][:2])
            elif op == 'Flatten':
                x = x.flatten(1)
            else:
                sys.exit(f'{op} is not expected here')
            if node['name'] in wanted:
                kept[node['name']] = x.numpy().ravel()
        return kept


# -- the study -----------------------------------------------------------------------------------

def random_box(part, number, seed, width, height):
    r = Random(random_at(seed, number))
    x0, y0, x1, y1 = part
    w, h = x1 - x0, y1 - y0
    x = r.below(width - w + 1) if width > w else 0
    y = r.below(height - h + 1) if height > h else 0
    return x, y, x + w, y + h


def boxes_of(parts, image, n, repeats, seed, shape):
    """Those of an image, as dv_covering numbers them."""
    own = list(parts.values())
    random = [random_box(own[k % len(own)], k * n + image, seed, shape[1], shape[0])
              for k in range(len(own) * repeats)]
    return own + random


def signs_of(whole, covered):
    change = whole - covered
    return (np.sign(change) * (abs(change) > LEAST * abs(whole).max())).astype(np.int8)


def scores(signs):
    """(n, n) Hamming distances and Cohen's kappas of the rows of signs."""
    n = len(signs)
    share = np.stack([(signs == v).mean(1) for v in (-1, 0, 1)])
    change, agreement = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            change[i, j] = (signs[i] != signs[j]).mean()
            agreement[i, j] = 1 - change[i, j] / (1 - (share[:, i] * share[:, j]).sum())
    return {'change': change, 'agreement': agreement}


def resampled(n, resamples, seed):
    """(resamples, n) how often each image is drawn."""
    r = Random(~seed & MASK)
    weights = []
    while len(weights) < resamples:
        w = np.bincount([r.below(n) for _ in range(n)], minlength=n)
        if (w > 0).sum() > 1:
            weights.append(w)
    return np.array(weights)


def means_of(weights, matrix):
    upper = np.triu(np.ones_like(matrix), 1)
    return (np.einsum('bi,bj,ij->b', weights, weights, matrix * upper) /
            np.einsum('bi,bj,ij->b', weights, weights, upper))


def expect(net, images, layers, repeats, resamples, seed):
    """What the program should say, by layer, measure and part."""
    n, names = len(images), list(images[0][1])
    signs = {layer: [] for layer in layers}
    for i, (pixels, parts) in enumerate(images):
        whole = net.activations(pixels, layers)
        rows = {layer: [] for layer in layers}
        for x0, y0, x1, y1 in boxes_of({k: parts[k] for k in names}, i, n, repeats, seed, pixels.shape):
            covered = pixels.copy()
            covered[y0:y1, x0:x1] = 128
            for layer, x in net.activations(covered, layers).items():
                rows[layer].append(signs_of(whole[layer], x))
        for layer in layers:
            signs[layer].append(rows[layer])
    weights, upper, told = resampled(n, resamples, seed), np.triu_indices(n, 1), {}
    for layer in layers:
        s = np.array(signs[layer])  # (images, boxes, features)
        for p, name in enumerate(names):
            own = scores(s[:, p])
            others = [scores(s[:, p + len(names) * (1 + r)]) for r in range(repeats)]
            for measure in own:
                against = np.mean([o[measure] for o in others], 0)
                values = np.concatenate([o[measure][upper] for o in others])
                difference = means_of(weights, own[measure]) - means_of(weights, against)
                low, high = np.quantile(difference, [.025, .975])
                told[layer, measure, name] = {
                    'mean': own[measure][upper].mean(), 'sd': own[measure][upper].std(ddof=1),
                    'against_mean': values.mean(), 'against_sd': values.std(ddof=1),
                    'difference_low': low, 'difference_high': high,
                    'changed': (s[:, p] != 0).mean(),
                }
    return told


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('program')
    p.add_argument('zip')
    p.add_argument('--repeats', type=int, default=3)
    p.add_argument('--resamples', type=int, default=300)
    p.add_argument('--seed', type=int, default=5)
    a = p.parse_args()
    layers = ['relu5', 'relu7', 'conv5', 'fc7']
    parts = os.path.join(MODELS, 'dog-faces-tiny-imagenet.json')
    images = []
    with tempfile.TemporaryDirectory() as root, zipfile.ZipFile(a.zip) as z:
        with open(parts) as f:
            for i in json.load(f)['images']:
                z.extract(i['image'], root)
                pixels = np.array(Image.open(io.BytesIO(z.read(i['image']))).convert('RGB'))
                images.append((pixels, i['parts']))
        text = subprocess.run(
            [a.program, 'correspond', '--no-figure', '-q', '--json', '--root', root, '--repeats', str(a.repeats),
             '--resamples', str(a.resamples), '--seed', str(a.seed), *(w for x in layers for w in ('-l', x)), parts],
            check=True, capture_output=True, text=True).stdout
    wanted = expect(Network('zfnet64'), images, layers, a.repeats, a.resamples, a.seed)
    worst = 0
    for line in map(json.loads, text.splitlines()):
        for key, value in wanted.pop((line['layer'], line['measure'], line['part']), {}).items():
            worst = max(worst, abs(value - line[key]))
            # A feature next to zero may have another sign in float32: few of thousands have.
            if not abs(value - line[key]) <= 1e-3:
                sys.exit(f"{line['layer']} {line['measure']} {line['part']}: {key} is {line[key]}, not {value:.6f}")
    if wanted:
        sys.exit(f'the program does not tell of {sorted(wanted)[0]}')
    print(f'correspond: {len(images)} images, {len(layers)} layers: largest difference {worst:.1e}')


if __name__ == '__main__':
    main()
