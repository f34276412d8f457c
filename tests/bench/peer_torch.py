#!/usr/bin/python3
"""peer_torch.py NAME THREADS LAYER - PyTorch, told by compare.py what to do, once a line; prints milliseconds.

The words are those of bench_net.c. `both` and `project` run to the activation behind the LAYER-th weight layer, and back by
autograd from one unit."""
import resource
import sys
import time

import torch

from networks import make


def main():
    name, threads, layer = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    net = make(name)
    x = torch.rand(1, 3, 224, 224) * 2 - 1
    parts = None
    if name in ('vgg16', 'alexnet', 'zfnet'):
        features, seen, parts = list(net[0] if name == 'zfnet' else net.features), 0, []
        while seen < layer:
            parts.append(features.pop(0))
            seen += isinstance(parts[-1], torch.nn.Conv2d)
        parts = torch.nn.Sequential(*parts, features.pop(0))
        for p in parts.parameters():
            p.requires_grad_(False)
    held = None

    def forward_part():
        leaf = x.clone().requires_grad_(True)
        return leaf, parts(leaf)

    def back(leaf, y, channel, keep):
        at = int(y[0, channel].argmax())
        seed = torch.zeros_like(y)
        seed[0, channel].view(-1)[at] = 1
        return torch.autograd.grad(y, leaf, seed, retain_graph=keep)[0]

    for line in sys.stdin:
        word = line.strip()
        if word == 'memory':
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
            continue
        if word in ('project', 'all') and held is None:
            held = forward_part()
        start = time.perf_counter()
        if word == 'forward':
            with torch.no_grad():
                net(x)
        elif word == 'both':
            back(*forward_part(), 0, False)
        elif word == 'project':
            back(*held, 0, True)
        elif word == 'all':
            for c in range(held[1].shape[1]):
                back(*held, c, True)
        print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == '__main__':
    main()
