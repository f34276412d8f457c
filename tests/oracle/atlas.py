#!/usr/bin/python3
"""atlas.py PROGRAM [--models models] [--images 40] [--seed 1] - the numbers of an atlas against NumPy and PyTorch.

Draws images of four classes, has the program make atlases of zfnet64's convolutions over them, beside those of its first epoch, and
computes in float64 what the page says of every unit: activity, selectivity for classes and colours, direction and frequency of its
projections, norms of the kernels that it reads by, its likest by weights; which unit of the other network belongs to it, and how
much it has changed; and which layers belong together where they have other names."""
import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

from evolve import MEAN, STD, Net, cosine, draw

LAYERS, CLASSES, HITS = 5, 4, 9
LUMA = torch.tensor((0.299, 0.587, 0.114), dtype=torch.float64)


def data(atlas, name):
    with open(os.path.join(atlas, 'data', name + '.js'), encoding='utf-8') as f:
        text = f.read()
    assert text.startswith('atlas(') and text.endswith(');\n')
    return json.loads(text[6:-3])


def column(c, place):
    q = np.frombuffer(base64.b64decode(c['data']), '<u2').astype(float)
    q[q == 65535] = np.nan
    return q if place else c['lo'] + (c['hi'] - c['lo']) * q / 65534


def grey(x):
    """What the network gets of an image without colours."""
    mean, std = (torch.tensor(v, dtype=torch.float64)[None, :, None, None] for v in (MEAN, STD))
    y = ((x * std + mean) * LUMA[None, :, None, None]).sum(1, keepdim=True)
    return (y - mean) / std


def middle(bin):
    """Of a bin of the histogram: 2j holds [2^j, 1.5 2^j), 2j + 1 [1.5 2^j, 2^(j+1))"""
    return 2.0 ** (bin // 2) * (1.75 if bin % 2 else 1.25)


def bin_of(v):
    j = int(np.floor(np.log2(v)))
    return min(31, max(-32, 2 * j + (v >= 1.5 * 2.0 ** j)))


class Counter:
    def __init__(self):
        self.n, self.wrong = {}, 0

    def see(self, what, where, got, want, limit):
        self.n[what] = self.n.get(what, 0) + 1
        if got is None or want is None or np.isnan(want):
            bad = not ((got is None or np.isnan(got)) and (want is None or np.isnan(want)))
        else:
            bad = not abs(got - want) <= limit
        if bad:
            self.wrong += 1
            print(f'{where}: {what} {got}, should be {want}')


def form(projections):
    """Frequency, direction and how much it is preferred, of sums over projections (3,H,W)."""
    energy, tensor = 0, np.zeros((2, 2))
    for p in projections:
        g = p.sum(0)
        gy = (g[1:, :-1] - g[:-1, :-1] + g[1:, 1:] - g[:-1, 1:]) / 2
        gx = (g[1:, 1:] - g[1:, :-1] + g[:-1, 1:] - g[:-1, :-1]) / 2
        energy += (g * g).sum()
        tensor += [[(gx * gx).sum(), (gx * gy).sum()], [(gx * gy).sum(), (gy * gy).sum()]]
    trace = tensor.trace()
    if not energy > 0 or not trace > 0:
        return None, None, None
    values, vectors = np.linalg.eigh(tensor)
    along = vectors[:, 0]                                       # of least change: the edge; y grows downwards
    return (np.arcsin(min(1, np.sqrt(trace / energy) / 2)) / np.pi, np.degrees(np.arctan2(-along[1], along[0])) % 180,
            (values[1] - values[0]) / trace)


def check_units(see, atlas, net, maps, greys, images):
    n, names = len(images), data(atlas, 'images')['names']
    for k in range(LAYERS):
        of_layer = np.array([m[k] for m in maps])                # images, channels, y, x
        most = of_layer.max((2, 3))
        weights = net.w[k].numpy()
        units = [u for j in range((of_layer.shape[1] + 31) // 32) for u in data(atlas, f'layer-{k}-units-{j}')]
        kernels = np.sqrt((weights ** 2).sum((2, 3)))
        angles = weights.reshape(len(weights), -1)
        angles = angles / np.linalg.norm(angles, axis=1, keepdims=True)
        for c, u in enumerate(units):
            where, stats, values = f'layer {k + 1} c{c}', u['stats'], of_layer[:, c]
            top = values.max()
            see.see('max', where, stats['max'], top, 1e-4 * top + 1e-6)
            see.see('mean', where, stats['mean'], values.mean(), 1e-4 * top + 1e-6)
            see.see('active_images', where, stats['active_images'], (most[:, c] > 0).mean(), 1.5 / n * (top < 1e-3) + 1e-6)
            see.see('active_positions', where, stats['active_positions'], (values > 0).mean(), 2e-3)
            hits = u['hits']
            if not hits['value']:
                continue
            order = sorted(range(n), key=lambda i: -most[i, c])[:HITS]
            clear = len(order) < n and most[order[-1], c] - sorted(most[:, c])[-HITS - 1] > 1e-4 * top
            for j, v in enumerate(hits['value']):
                see.see('hits', where, v, most[order[j], c], 1e-4 * top + 1e-6)
            active = most[most[:, c] > 0, c]
            bins = np.array([middle(bin_of(v)) for v in active])
            edges = min(abs(v / b - 1) for v in active for b in (2.0 ** np.floor(np.log2(v)), 1.5 * 2.0 ** np.floor(np.log2(v)),
                                                                 2.0 ** np.ceil(np.log2(v))))
            if edges > 1e-4:
                see.see('sparsity', where, stats['sparsity'], (1 - bins.sum() ** 2 / n / (bins ** 2).sum()) / (1 - 1 / n), 1e-5)
            if clear and len(hits['value']) == HITS:
                classes = {i % CLASSES for i in order}
                see.see('class_selectivity', where, stats['class_selectivity'], (HITS - len(classes)) / (HITS - 1), 1e-6)
            places = [(images.index(names[i]), y, x) for i, y, x in zip(hits['image'], hits['y'], hits['x'])]
            bare = sum(max(0, greys[i][k][c, y, x]) for i, y, x in places)
            full = sum(of_layer[i, c, y, x] for i, y, x in places)
            see.see('colour', where, stats['colour'], 1 - bare / full, 1e-4)
            kin = [(other, cos) for other, cos, _ in u['twins'][:3]]
            for other, cos in kin:
                see.see('twins', where, cos, angles[c] @ angles[other], 1e-3)
            best = np.sort(np.delete(angles @ angles[c], c))[::-1]
            see.see('likest', where, kin[0][1], best[0], 1e-3)
            for layer, unit, norm, _ in u['inputs'][:4]:
                see.see('inputs', where, norm, kernels[c, unit], 1e-3 * norm)
            see.see('strongest input', where, u['inputs'][0][2], kernels[c].max(), 1e-3 * kernels[c].max())
            if c % 16 == 0:
                projections = []
                for (i, y, x), (x0, y0, x1, y1) in zip(places, hits['box']):
                    net.forward(images.inputs[i])
                    p = net.project(k, c, y, x).reshape(3, 64, 64)
                    projections.append(p[:, max(0, y0):min(64, y1), max(0, x0):min(64, x1)])
                frequency, direction, preferred = form(projections)
                see.see('frequency', where, stats.get('frequency'), frequency, 1e-4)
                see.see('orientation_selectivity', where, stats.get('orientation_selectivity'), preferred, 1e-3)
                if preferred and preferred > 0.02:
                    off = abs(stats['orientation'] - direction)
                    see.see('orientation', where, min(off, 180 - off), 0, 0.2)


class Images(list):
    """Names, and what the network gets of each."""


def correlations(a, b):
    """(images, units) both -> (units of a, units of b), a NaN where one does not vary"""
    a, b = a - a.mean(0), b - b.mean(0)
    with np.errstate(invalid='ignore', divide='ignore'):
        return (a / np.linalg.norm(a, axis=0)).T @ (b / np.linalg.norm(b, axis=0))


def cka(a, b):
    a, b = a - a.mean(0), b - b.mean(0)
    return ((a.T @ b) ** 2).sum() / np.linalg.norm(a.T @ a) / np.linalg.norm(b.T @ b)


def check_pairs(see, atlas, own, other, by):
    """own, other: lists of (images, units)"""
    for pair in data(atlas, 'against')['layers']:
        k = pair['layer']
        match, change = column(pair['match'], True), column(pair['change'], False)
        r = correlations(own[k], other[pair['other']])
        step = (pair['change']['hi'] - pair['change']['lo']) / 65534 + 1e-4
        for c in range(len(r)):
            where, found = f'{by}, layer {k} c{c}', r[c][~np.isnan(r[c])]
            if by == 'number':
                see.see('match', where, match[c], c, 0)
                want = 1 - max(0, r[c, c])
                if np.isnan(r[c, c]):
                    want = 1. if np.ptp(own[k][:, c]) or np.ptp(other[k][:, c]) else np.nan
                see.see('change', where, change[c], want, step)
            elif len(found) and found.max() > 1e-4:
                see.see('best match', where, r[c, int(match[c])], found.max(), 1e-4)
                see.see('change', where, change[c], 1 - found.max(), step)
            elif not len(found):
                see.see('no match', where, match[c], np.nan, 0)
        if by == 'likeness':
            likes = [cka(own[k], o) for o in other]
            see.see('layers', f'layer {k}', likes[pair['other']], max(likes), 1e-5)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('program')
    p.add_argument('--models', default='models')
    p.add_argument('--images', type=int, default=40)
    p.add_argument('--seed', type=int, default=1)
    a = p.parse_args()
    rng, see = np.random.default_rng(a.seed), Counter()
    model, weights = (os.path.abspath(os.path.join(a.models, n)) for n in ('zfnet64.json', 'zfnet64-epoch01.safetensors'))
    program, images = os.path.abspath(a.program), Images()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        images.inputs = []
        for i in range(a.images):
            os.makedirs(f'img/{i % CLASSES}', exist_ok=True)
            images.append(f'img/{i % CLASSES}/{i:03}.ppm')
            images.inputs.append(draw(rng, images[-1]))

        def run(*words):
            subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL)

        def against(out, own, other, *words):
            run('atlas', '-q', own, '--compare', '0', '--labels-from', 'dirs', '--against', other, '--against-weights', weights, *words,
                '-o', out)

        for layers, out in ('1,2,3,4,5', 'own'), ('1,3,5', 'some'):
            run('mine', '-q', '-m', model, '--exact', '-l', layers, '-o', out + '.json', 'img')
        for layers, out in ('1,2,3,4,5', 'young'), ('2,4,5', 'others'):
            run('mine', '-q', '-m', model, '--weights', weights, '--exact', '-l', layers, '-o', out + '.json', 'img')
        against('number', 'own.json', 'young.json')
        nets = [Net(os.path.join(os.path.dirname(model), f'zfnet64{e}.safetensors')) for e in ('', '-epoch01')]
        maps = [[[m.numpy()[0] for m in net.forward(x)] for x in images.inputs] for net in nets]
        greys = [[m.numpy()[0] for m in nets[0].forward(grey(x))] for x in images.inputs]
        check_units(see, 'number', nets[0], maps[0], greys, images)
        own, young = ([np.array([m[k].max((1, 2)) for m in of]) for k in range(LAYERS)] for of in maps)
        check_pairs(see, 'number', own, young, 'number')
        against('responses', 'own.json', 'young.json', '--match', 'responses')
        check_pairs(see, 'responses', own, young, 'responses')
        against('likeness', 'some.json', 'others.json')
        check_pairs(see, 'likeness', [own[k] for k in (0, 2, 4)], [young[k] for k in (1, 3, 4)], 'likeness')
        os.chdir('/')
    print(', '.join(f'{n} {what}' for what, n in see.n.items()) + f' compared, {see.wrong} wrong')
    return see.wrong > 0


if __name__ == '__main__':
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    sys.exit(main())
