#!/usr/bin/python3
"""Holds the networks of models/ against torchvision: each loads a state dict of random weights under torchvision's
names, and gives torchvision's output. zfnet and caffenet, which torchvision has not, against a sketch of them here.

    check_networks.py [--program PROGRAM] [NAME...]

Prints a line for each network; fails when a relative L2 error exceeds 1e-4.
"""
import argparse
import json
import os
import shutil
import struct
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

from program import Failed, Program

MODELS = os.path.join(os.path.dirname(__file__), '..', '..', 'models')
NAMES = ('alexnet', 'caffenet', 'googlenet', 'resnet18', 'resnet34', 'resnet50', 'squeezenet1_0', 'squeezenet1_1', 'vgg11',
         'vgg11_bn', 'vgg13', 'vgg13_bn', 'vgg16', 'vgg16_bn', 'vgg19', 'vgg19_bn', 'zfnet')
LIMIT = 1e-4


def write_safetensors(path, state):
    header, at = {}, 0
    for name, t in state.items():
        size = t.numel() * t.element_size()
        header[name] = dict(dtype={torch.float32: 'F32', torch.int64: 'I64'}[t.dtype], shape=list(t.shape),
                            data_offsets=[at, at + size])
        at += size
    text = json.dumps(header).encode()
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for t in state.values():
            f.write(t.numpy().tobytes())


class Old(torch.nn.Module):
    """The networks that pool and normalize: zfnet and caffenet."""

    def __init__(self, first, groups, lrn):
        super().__init__()
        (k1, s1, p1), (s2, p2) = first
        self.lrn = lrn
        self.conv1 = torch.nn.Conv2d(3, 96, k1, s1, p1)
        self.conv2 = torch.nn.Conv2d(96, 256, 5, s2, p2, groups=groups)
        self.conv3 = torch.nn.Conv2d(256, 384, 3, 1, 1)
        self.conv4 = torch.nn.Conv2d(384, 384, 3, 1, 1, groups=groups)
        self.conv5 = torch.nn.Conv2d(384, 256, 3, 1, 1, groups=groups)
        self.fc6 = torch.nn.Linear(9216, 4096)
        self.fc7 = torch.nn.Linear(4096, 4096)
        self.fc8 = torch.nn.Linear(4096, 1000)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = F.max_pool2d(F.relu(conv(x)), 3, 2, ceil_mode=True)
            x = F.local_response_norm(x, 5, alpha=self.lrn[0], beta=0.75, k=self.lrn[1])
        for conv in (self.conv3, self.conv4, self.conv5):
            x = F.relu(conv(x))
        x = F.max_pool2d(x, 3, 2).flatten(1)
        return self.fc8(F.relu(self.fc7(F.relu(self.fc6(x)))))


def make(name):
    if name == 'zfnet':
        return Old(((7, 2, 1), (2, 0)), 1, (5e-4, 2.0))
    if name == 'caffenet':
        return Old(((11, 4, 0), (1, 2)), 2, (1e-4, 1.0))
    more = dict(aux_logits=False, init_weights=False) if name == 'googlenet' else {}
    return getattr(torchvision.models, name)(weights=None, **more)


def randomize(net):
    """He's weights, so that a signal neither dies nor explodes, and statistics that differ from their defaults."""
    for m in net.modules():
        if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.kaiming_normal_(m.weight)
            if m.bias is not None:
                torch.nn.init.normal_(m.bias, std=0.1)
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.2)
            m.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(m.weight, 0.5, 1.5)
            torch.nn.init.normal_(m.bias, std=0.2)


def error_of(program, name):
    torch.manual_seed(len(name))
    net = make(name).eval()
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        randomize(net)
        write_safetensors(os.path.join(folder, f'{name}.safetensors'), net.state_dict())
        shutil.copy(os.path.join(MODELS, f'{name}.json'), folder)
        size = 227 if name == 'caffenet' else 224
        x = torch.randn(1, 3, size, size)
        np.save(os.path.join(folder, 'x.npy'), x.numpy())
        want = net.double()(x.double()).numpy()
        got = program.forward(os.path.join(folder, f'{name}.json'), os.path.join(folder, 'x.npy'))
    return np.linalg.norm(got - want) / np.linalg.norm(want)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('names', nargs='*', help='networks; default: all')
    p.add_argument('--program', default='build/release/deconvviz')
    o = p.parse_args()
    torch.set_num_threads(2)
    failed = 0
    for name in o.names or NAMES:
        try:
            error = error_of(Program(o.program), name)
            said = f'relative error {error:.1e}'
        except Failed as e:
            error, said = np.inf, str(e)
        bad = not error <= LIMIT
        failed += bad
        print(f'{"FAILED" if bad else "ok":6} {name:14} {said}', flush=True)
    print(f'{len(o.names or NAMES) - failed} passed, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
