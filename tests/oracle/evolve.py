#!/usr/bin/python3
"""evolve.py PROGRAM [--models models] [--images 12] [--seed 1] - a training's study against NumPy and PyTorch.

Draws some images, has the program study three checkpoints of zfnet64 over them, and does the same with the weights as NumPy
reads them: the strongest activation of every channel of the five convolutions and where it is, the cosine of every filter to
the last checkpoint's, and that of the deconvnet's projections, all in float64. What chance has drawn is taken from the program's
answer. An image that is the strongest only by rounding may be another's."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

EPOCHS = ('01', '20', '64')
MEAN, STD = (0.48, 0.448, 0.398), (0.277, 0.269, 0.282)
CONVS = ((2, 3, 1), (1, 2, 1), (1, 1, 0), (1, 1, 0), (1, 1, 0))   # stride, padding, pool behind
LIMIT = 1e-4


def read_weights(path):
    """{name: float64 array} of a safetensors file."""
    with open(path, 'rb') as f:
        size = int.from_bytes(f.read(8), 'little')
        head, data = json.loads(f.read(size)), f.read()
    types = {'F16': np.float16, 'F32': np.float32}
    return {name: np.frombuffer(data[slice(*e['data_offsets'])], types[e['dtype']]).reshape(e['shape']).astype(np.float64)
            for name, e in head.items() if name != '__metadata__'}


def draw(rng, path):
    """Noise of several sizes, so that features of several layers find something; not clipped, which would make maxima equal."""
    image = np.zeros((64, 64, 3))
    for side in (2, 4, 8, 16, 32, 64):
        image += np.kron(rng.normal(size=(side, side, 3)), np.ones((64 // side, 64 // side, 1)))
    pixels = np.clip(128 + 12 * image, 0, 255).astype(np.uint8)
    with open(path, 'wb') as f:
        f.write(b'P6 64 64 255\n' + pixels.tobytes())
    return torch.from_numpy(((pixels / 255 - MEAN) / STD).transpose(2, 0, 1)[None].copy())


class Net:
    """The convolutions of zfnet64, there and back."""

    def __init__(self, path):
        w = read_weights(path)
        self.w = [torch.from_numpy(w[f'conv{i}.weight']) for i in range(1, 6)]
        self.b = [torch.from_numpy(w[f'conv{i}.bias']) for i in range(1, 6)]

    def forward(self, x):
        """The maps of the five layers; keeps what the way back needs."""
        self.inputs, self.switches, maps = [], [], []
        for (stride, pad, pool), w, b in zip(CONVS, self.w, self.b):
            self.inputs.append(x.shape)
            x = F.relu(F.conv2d(x, w, b, stride, pad))
            maps.append(x)
            self.switches.append(None)
            if pool:
                x, self.switches[-1] = F.max_pool2d(x, 3, 2, 1, return_indices=True)
        self.maps = maps
        return maps

    def project(self, layer, channel, y, x):
        """The deconvnet of one unit of the last image: unpool, rectify, filter."""
        r = torch.zeros_like(self.maps[layer])
        r[0, channel, y, x] = self.maps[layer][0, channel, y, x]
        for k in range(layer, -1, -1):
            if self.switches[k] is not None and k < layer:
                up = torch.zeros_like(self.maps[k]).flatten(2)
                r = up.scatter_add(2, self.switches[k].flatten(2), r.flatten(2)).view_as(self.maps[k])
            (stride, pad, _), side = CONVS[k], self.w[k].shape[3]
            more = self.inputs[k][3] - ((r.shape[3] - 1) * stride - 2 * pad + side)   # the last column, which no filter ends at
            r = F.conv_transpose2d(F.relu(r), self.w[k], None, stride, pad, more)
        return r.numpy().ravel()


def cosine(a, b):
    aa, bb = (a * a).sum(), (b * b).sum()
    return (a * b).sum() / np.sqrt(aa * bb) if aa > 0 and bb > 0 else float(aa == bb)


def study(program, models, folder):
    checkpoints = [w for e in EPOCHS for w in ('--checkpoints', os.path.join(models, f'zfnet64-epoch{e}.safetensors'))]
    command = [program, 'evolve', '-q', '--no-figure', '--exact', *checkpoints, '-c', 'all', '--sample', '1', '--table',
               'units', '--json', folder]
    return [json.loads(line) for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('program')
    p.add_argument('--models', default='models')
    p.add_argument('--images', type=int, default=12)
    p.add_argument('--seed', type=int, default=1)
    a = p.parse_args()
    rng, wrong, counts = np.random.default_rng(a.seed), 0, dict.fromkeys(('values', 'filters', 'projections'), 0)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, f'{i:03}.ppm') for i in range(a.images)]
        images = [draw(rng, path) for path in paths]
        rows = study(a.program, a.models, folder)
    nets = {e: Net(os.path.join(a.models, f'zfnet64-epoch{e}.safetensors')) for e in EPOCHS}
    maps = {e: [[m.numpy()[0] for m in net.forward(x)] for x in images] for e, net in nets.items()}
    by_unit = {(r['layer'], r['channel'], r['checkpoint']): r for r in rows}
    for r in rows:
        layer, channel, e = int(r['layer']) - 1, r['channel'], f"{int(r['checkpoint'].split()[1]):02}"
        image, (y, x) = paths.index(r['image']), r['position']
        found = [m[layer][channel] for m in maps[e]]
        best = max(float(v.max()) for v in found)
        counts['values'] += 1
        if abs(r['value'] - best) > LIMIT * max(best, 1) or abs(found[image][y, x] - best) > LIMIT * max(best, 1):
            wrong += 1
            print(f"{r['layer']} c{channel} {r['checkpoint']}: {r['value']} at {image} {y},{x}; should be {best}")
        counts['filters'] += 1
        want = cosine(*(nets[k].w[layer][channel].numpy() for k in (e, EPOCHS[-1])))
        if abs(want - r['filters']) > 1e-6:
            wrong += 1
            print(f"{r['layer']} c{channel} {r['checkpoint']}: filters {r['filters']}, should be {want}")
    for (layer, channel, checkpoint), r in sorted(by_unit.items()):
        last = by_unit[layer, channel, f'epoch {int(EPOCHS[-1])}']
        if channel % 24 or last['value'] <= 0:
            continue
        image, place, k = paths.index(last['image']), last['position'], int(layer) - 1
        both = []
        for e in (f"{int(checkpoint.split()[1]):02}", EPOCHS[-1]):
            nets[e].forward(images[image])
            both.append(nets[e].project(k, channel, *place))
        counts['projections'] += 1
        if abs(cosine(*both) - r['projections']) > 1e-3:
            wrong += 1
            print(f"{layer} c{channel} {checkpoint}: projections {r['projections']}, should be {cosine(*both)}")
    print(', '.join(f'{n} {what}' for what, n in counts.items()) + f' compared, {wrong} wrong')
    return wrong > 0


if __name__ == '__main__':
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    sys.exit(main())
