#!/usr/bin/python3
"""ablate.py PROGRAM TINY.zip MODEL.onnx LABELS IMAGES - networks with parts taken away, against PyTorch in float64.

zfnet64 on 150 validation images of Tiny ImageNet and a real ONNX network on 16 photographs, with units silenced in each order
and layers left out, here and there. Orders are drawn here again as the program documents them (splitmix64, a stream for layer
and draw). Of each change as many images must be right at the first guess and among five, lost and won; but for images whose
class is told from the next by less than rounding (1e-4 of the scores' spread). Parameters and multiply-adds of what is left
are those counted here; the classifier in the place of zfnet64's top is as right as scikit-learn's to within 1 % of the
images."""
import csv
import io
import os
import sys
import tempfile
import zipfile

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.svm import LinearSVC

from classify import read_weights
from probe import random_at, shuffled
from program import Program
from reference import Reference

HERE = os.path.dirname(os.path.abspath(__file__))
SHARES, DRAWS, SEED, FOLDS, NEAR = (.1, .35, .7), 2, 3, 5, 1e-4


class Zfnet:
    """zfnet64 layer by layer: run(x, change) calls change(layer, in, out) for each weight layer, which gives what goes on.
    from_layer: the pass begins behind it, with x as what it gives."""

    def __init__(self):
        weights = read_weights(os.path.join(HERE, '../../models/zfnet64.safetensors'))
        self.w = [(weights[n + '.weight'].double(), weights[n + '.bias'].double())
                  for n in ('conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8')]

    def run(self, x, change=lambda layer, into, out: out, seen=None, from_layer=0):
        for i, (w, b) in enumerate(self.w):
            if i + 1 < from_layer:
                continue
            if i + 1 == from_layer:
                y = x
            elif i < 5:
                y = F.conv2d(x, w, b, stride=2 if i == 0 else 1, padding=w.shape[2] // 2)
            else:
                y = F.linear(x.flatten(1), w, b)
            y = change(i + 1, x, F.relu(y) if i < 7 else y)  # what a layer has given is not changed by a ReLU
            if seen is not None:
                seen[i + 1] = y
            x = F.max_pool2d(y, 3, 2, 1) if i in (0, 1) else F.max_pool2d(y, 3, 2) if i == 4 else y
        return x


class Graph:
    """An ONNX network: its weight layers are its convolutions with the ReLUs behind them."""

    def __init__(self, path):
        class Changed(Reference):
            def compute(self, node):
                super().compute(node)
                for layer, (conv, relu) in enumerate(self.pairs, 1):
                    if relu in node.output:
                        self.values[relu] = self.change(layer, self.values[conv.input[0]], self.values[relu])
                        if self.seen is not None:
                            self.seen[layer] = self.values[relu]
                if node.output[0] in self.replace:
                    self.values[node.output[0]] = self.values[self.replace[node.output[0]]]

        self.net = Changed(path)
        nodes = self.net.graph.node
        self.net.pairs = [(n, next(r.output[0] for r in nodes if r.op_type == 'Relu' and r.input[0] == n.output[0]))
                          for n in nodes if n.op_type == 'Conv']
        self.net.replace = {}

    def run(self, x, change=lambda layer, into, out: out, seen=None, from_layer=0):
        self.net.change, self.net.seen = change, seen
        with torch.no_grad():
            return self.net.forward(x).flatten(1)


def judge(y, target):
    """-> ranks from 1 (n), and whether they hang on rounding (n)."""
    own = y.gather(1, target[:, None])
    others = torch.arange(y.shape[1])[None]
    before = (y > own) | ((y == own) & (others < target[:, None]))
    near = ((y - own).abs() < NEAR * y.std(1, keepdim=True)) & (others != target[:, None])
    return 1 + before.sum(1).numpy(), near.any(1).numpy()


class Check:
    def __init__(self, base, target):
        self.base, self.target, self.wrong, self.rows, self.near = base, target, [], 0, 0

    def row(self, what, row, ys):
        """A row of the table against the scores of one network, or of several whose mean it has."""
        n = len(self.target)
        ranks, near = zip(*(judge(y, self.target) for y in ys))
        before = judge(self.base, self.target)[0] == 1
        expected = {'top1': np.mean([(r == 1).mean() for r in ranks]), 'top5': np.mean([(r <= 5).mean() for r in ranks]),
                    'change': np.mean([(r == 1).mean() - before.mean() for r in ranks]) if row['change'] else 0}
        spare = np.mean([k.mean() for k in near]) + 1e-6
        self.rows += 1
        self.near += sum(k.sum() for k in near)
        for key, v in expected.items():
            if abs(float(row[key] or 0) - v) > spare:
                self.wrong.append(f'{what}: {key} is {row[key]}, here {v:.6f} of {n} images')

    def same(self, what, a, b):
        self.rows += 1
        if a != b:
            self.wrong.append(f'{what}: {a}, here {b}')


def silence(layer, channels):
    def change(at, _, out):
        if at == layer:
            out = out.clone()
            out[:, channels] = 0
        return out
    return change


def skip(layers):
    return lambda at, into, out: into if at in layers else out


def rows_of(program, words):
    return list(csv.DictReader(io.StringIO(program.run('ablate', '-q', '--no-figure', '--csv', '--images', 0, '--seed', SEED,
                                                       '--draws', DRAWS, '--share', ','.join(map(str, SHARES)), *words))))


def check_silenced(net, check, rows, x, layer, strength, from_layer=0):
    """strength: (C) of the channels. x: as net.run takes it."""
    channels = len(strength)
    weakest = np.lexsort((np.arange(channels), strength))
    orders = {'random': [shuffled(range(channels), random_at(SEED, layer * 100 + i)) for i in range(DRAWS)],
              'weakest': [weakest], 'strongest': [weakest[::-1]]}
    for row in (r for r in rows if r['layers'] == str(layer)):
        n = int(row['units'])
        check.same(f'layer {layer}: units', n, int(np.floor(float(row['share']) * channels + .5)))
        check.row(f'layer {layer}, {row["order"]}, {row["share"]}', row,
                  [net.run(x, silence(layer, list(map(int, o[:n]))), from_layer=from_layer) for o in orders[row['order']]])


def strengths(net, x, layers):
    seen = {}
    y = net.run(x, seen=seen)
    return y, seen, {i: seen[i].flatten(2).mean(2).mean(0).numpy() if seen[i].dim() > 2 else seen[i].mean(0).numpy()
               for i in layers}


# -- zfnet64 -----------------------------------------------------------------------------------------------------

def unpack(archive, folder):
    """One or two validation images of each class."""
    with zipfile.ZipFile(archive) as z:
        names = sorted(n for n in z.namelist() if n.startswith('val/') and not n.endswith('/'))
        taken = [n for i, n in enumerate(names) if i % 50 < 2 - (i // 50) % 2]
        z.extractall(folder, taken)
    return [os.path.join(folder, n) for n in taken]


def folds_of(target, classes):
    """As the program deals them: all shuffled, then of each class in turn."""
    order = shuffled(range(len(target)), random_at(SEED, (1 << 64) - 1))
    fold, dealt = np.zeros(len(target), int), np.zeros(classes, int)
    for i in order:
        c = target[i]
        fold[i] = (dealt[c] + c) % FOLDS
        dealt[c] += 1
    return fold


def probe_accuracy(v, target, classes):
    fold, right = folds_of(target, classes), 0
    for f in range(FOLDS):
        train, best = fold != f, None
        held, rest = fold == (f + 1) % FOLDS, train & (fold != (f + 1) % FOLDS)
        m, s = v[train].mean(0), v[train].std(0)
        z = np.divide(v - m, s * np.sqrt(v.shape[1]), where=s > 0, out=np.zeros_like(v))
        before = most = -1
        for c in (.01, .1, 1, 10, 100):
            now = (LinearSVC(C=c, dual=False, tol=1e-4).fit(z[rest], target[rest]).predict(z[held]) == target[held]).mean()
            if now < before:
                break
            if now > most:
                best, most = c, now
            before = now
        right += (LinearSVC(C=best, dual=False, tol=1e-6).fit(z[train], target[train]).predict(z[fold == f]) ==
                  target[fold == f]).sum()
    return right / len(target)


def check_zfnet(program, archive):
    with tempfile.TemporaryDirectory() as folder:
        images = unpack(archive, folder)
        with open(os.path.join(HERE, '../../models/tiny-imagenet-100.txt'), encoding='utf-8') as f:
            labels = [line.split()[0] for line in f]
        target = np.array([labels.index(os.path.basename(os.path.dirname(p))) for p in images])
        path = os.path.join(folder, 'x.npy')
        x = torch.from_numpy(np.concatenate([program.prepare('zfnet64', p, path) for p in images])).double()
        words = ['--labels-from', 'dirs', os.path.join(folder, 'val')]
        net, layers = Zfnet(), (1, 4, 6, 7)
        base, seen, strong = strengths(net, x, layers)
        check = Check(base, torch.from_numpy(target))
        rows = rows_of(program, ['-l', '1,4,6,7', '--skip', 'none', '--probe', 'none', '--table', 'silenced'] + words)
        for layer in layers:
            check_silenced(net, check, rows, seen[layer], layer, strong[layer], layer)
        rows = rows_of(program, ['-l', '4,7', '--by', 'weights', '--skip', 'none', '--probe', 'none', '--table', 'silenced'] + words)
        for layer in (4, 7):
            check_silenced(net, check, rows, seen[layer], layer, net.w[layer - 1][0].flatten(1).abs().sum(1).numpy(), layer)
        rows = rows_of(program, ['-l', 'none', '--probe', '5'] + words)
        places = {1: 32 * 32, 2: 16 * 16, 3: 64, 4: 64, 5: 64, 6: 1, 7: 1, 8: 1}
        check.same('what is skipped', [r['layers'] for r in rows[1:-1]], ['4', '5', '7', '4+5', '4+7', '5+7', '4+5+7'])
        for row in rows[:-1]:
            gone = [int(i) for i in row['layers'].split('+')] if row['layers'] else []
            check.row(f'without {row["layers"]}', row, [net.run(x, skip(gone))])
            left = [(i, w, b) for i, (w, b) in enumerate(net.w, 1) if i not in gone]
            check.same('parameters', int(row['parameters']), sum(w.numel() + b.numel() for _, w, b in left))
            check.same('multiply-adds', int(row['multiply_adds']), sum(w.numel() * places[i] for i, w, _ in left))
        v = seen[5].mean((2, 3)).numpy().astype(np.float32).astype(float)
        ours = probe_accuracy(v, target, len(labels))
        print(f'probe on 5: {float(rows[-1]["top1"]):.4f}, scikit-learn {ours:.4f}')
        if abs(float(rows[-1]['top1']) - ours) > .01:
            check.wrong.append(f'probe: {rows[-1]["top1"]}, scikit-learn {ours}')
        return check


# -- the ONNX network --------------------------------------------------------------------------------------------

def check_graph(program, model, labels, folder):
    names = sorted(os.listdir(folder))[::62][:16]
    with open(labels, encoding='utf-8') as f:
        words = [line.split()[0] for line in f]
    with tempfile.TemporaryDirectory() as scratch:
        for n in names:
            os.symlink(os.path.abspath(os.path.join(folder, n)), os.path.join(scratch, n))
        path = os.path.join(scratch, 'x.npy')
        x = torch.from_numpy(np.concatenate([program.prepare(model, os.path.join(folder, n), path) for n in names])).double()
        os.remove(path)
        net = Graph(model)
        layers = (3, 17, 25)
        base, _, strong = strengths(net, x, layers)
        check = Check(base, torch.tensor([words.index(n.split('_')[0]) for n in names]))
        more = ['-m', model, '--labels', labels, '--labels-from', 'names', scratch]
        rows = rows_of(program, ['-l', '3,17,25', '--skip', 'none', '--table', 'silenced'] + more)
        for layer in layers:
            check_silenced(net, check, rows, x, layer, strong[layer])
        # Fire modules whose input and concatenated output have one shape: squeeze, and two that expand. And from one
        # squeeze to the next, where these have one.
        rows = rows_of(program, ['-l', 'none'] + more)[1:]
        seen, outputs = net.net.graph.node, {}
        for first in (5, 11, 17, 23):
            ends = {net.net.pairs[first + i - 1][1] for i in (1, 2)}
            joined = next(n.output[0] for n in seen if n.op_type == 'Concat' and set(n.input) == ends)
            outputs[f'{first}-{first + 2}'] = (joined, net.net.pairs[first - 1][0].input[0])
            first -= 2
            outputs[f'{first}-{first + 2}'] = (net.net.pairs[first + 1][1], net.net.pairs[first - 1][0].input[0])
        check.same('modules that are skipped', sorted(r['layers'] for r in rows), sorted(outputs))
        for row in rows:
            net.net.replace = dict([outputs[row['layers']]])
            check.row(f'without {row["layers"]}', row, [net.run(x)])
        return check


def main():
    program = Program(sys.argv[1])
    archive, model, labels, images = sys.argv[2:]
    failed = False
    for name, check in ('zfnet64', check_zfnet(program, archive)), (model, check_graph(program, model, labels, images)):
        print(f'{name}: {check.rows} rows, {len(check.wrong)} differ; {check.near} images hang on rounding')
        for line in check.wrong[:10]:
            print('  ' + line)
        failed = failed or bool(check.wrong)
    return failed


if __name__ == '__main__':
    sys.exit(main())
