#!/usr/bin/python3
"""Holds --rectify against PyTorch: small networks in the manner of ConvNeXt (GELU), EfficientNet (SiLU, squeeze and
excitation by a Sigmoid) and MobileNetV3 (HardSwish, ReLU), exported to ONNX as users do, so that most of their
activations are written out; the way back by autograd in float64, each activation with the gate that rule.h says.

    check_rectify.py [--program PROGRAM]

Prints a line for each network, rule and --rectify; fails when a relative L2 error exceeds 1e-4.
"""
import argparse
import os
import sys
import tempfile
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from program import Program

LIMIT = 1e-4
BOUNDED = (nn.Sigmoid, nn.Hardsigmoid, nn.Tanh)
ACTIVATIONS = (nn.ReLU, nn.GELU, nn.SiLU, nn.Hardswish, nn.ELU, nn.LeakyReLU, nn.Mish, *BOUNDED)


def gated(module, rule, rectify):
    """The module as a function whose way back is the rule's."""
    f, relu = type(module).forward, isinstance(module, nn.ReLU)

    class Gate(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return f(module, x)

        @staticmethod
        def backward(ctx, r):
            x, = ctx.saved_tensors
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                slope, = torch.autograd.grad(f(module, x).sum(), x)
            if rule != 'gradient' and (relu or rectify == 'all'):
                r = r.clamp(min=0)
                if rule == 'deconvnet' and not isinstance(module, BOUNDED):
                    return r
            return r * slope

    return Gate.apply


class LayerNorm(nn.LayerNorm):
    """Over channels."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Residual(nn.Module):
    def __init__(self, *steps):
        super().__init__()
        self.steps = nn.Sequential(*steps)

    def forward(self, x):
        return x + self.steps(x)


class Squeeze(nn.Module):
    def __init__(self, c, inner, gate):
        super().__init__()
        self.steps = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, c // 4, 1), inner, nn.Conv2d(c // 4, c, 1), gate)

    def forward(self, x):
        return x * self.steps(x)


def convnext():
    def block():
        return Residual(nn.Conv2d(16, 16, 7, 1, 3, groups=16), LayerNorm(16), nn.Conv2d(16, 48, 1), nn.GELU(),
                        nn.Conv2d(48, 16, 1))
    return nn.Sequential(nn.Conv2d(3, 16, 4, 4), LayerNorm(16), block(), block())


def efficientnet():
    def block():
        return Residual(nn.Conv2d(8, 32, 1), nn.SiLU(), nn.Conv2d(32, 32, 3, 1, 1, groups=32), nn.SiLU(),
                        Squeeze(32, nn.SiLU(), nn.Sigmoid()), nn.Conv2d(32, 8, 1))
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.SiLU(), block(), block(), nn.Conv2d(8, 24, 1), nn.SiLU())


def mobilenet():
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Hardswish(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(),
                         nn.Conv2d(16, 16, 3, 1, 1), nn.Mish(), nn.Conv2d(16, 12, 1), nn.LeakyReLU(0.1),
                         nn.Conv2d(12, 12, 3, 1, 1), nn.ELU())


def back(net, x, channel, rule, rectify):
    """The projection of the channel's strongest place, whose value is the seed."""
    kept = []
    for m in net.modules():
        if isinstance(m, ACTIVATIONS):
            kept.append(m)
            m.forward = gated(m, rule, rectify)
    x = x.clone().requires_grad_()
    plane = net(x)[0, channel]
    value = plane.flatten()[plane.argmax()]
    r, = torch.autograd.grad(value, x, value.detach())
    for m in kept:
        del m.forward
    return r[0].numpy()


def check(program, name, net, opset):
    net = net.double().eval()
    torch.manual_seed(len(name))
    for p in net.parameters():
        if p.dim() > 1:
            nn.init.kaiming_normal_(p)
    x = torch.randn(1, 3, 40, 40, dtype=torch.float64)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        model, array = os.path.join(folder, f'{name}.onnx'), os.path.join(folder, 'x.npy')
        np.save(array, x.float().numpy())
        torch.onnx.export(net.float(), x.float(), model, opset_version=opset, input_names=['x'], output_names=['y'])
        net.double()
        for rule in ('deconvnet', 'guided', 'gradient'):
            for rectify in ('relu', 'all') if rule != 'gradient' else ('relu',):
                said = Program(program, ['--rectify', rectify, '--exact']).project(model, array, 'y', [0, 3, 7], rule)
                worst = 0
                for s, got in said:
                    want = back(net, x, s['channel'], rule, rectify)
                    worst = max(worst, np.linalg.norm(got - want) / np.linalg.norm(want))
                ok = worst <= LIMIT
                print(f'{"ok" if ok else "FAILED":6} {name:12} opset {opset} {rule:9} --rectify {rectify:4} {worst:.1e}',
                      flush=True)
                yield ok


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--program', default='build/release/deconvviz')
    o = p.parse_args()
    torch.set_num_threads(1)
    results = [ok for name, make in (('convnext', convnext), ('efficientnet', efficientnet), ('mobilenet', mobilenet))
               for opset in (12, 17) for ok in check(o.program, name, make(), opset)]
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed')
    sys.exit(not all(results))


if __name__ == '__main__':
    main()
