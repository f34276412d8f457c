#!/usr/bin/python3
"""Holds deconvviz against PyTorch on torchvision's zoo: every network for classification and segmentation that PyTorch can
export, with random weights, as users export theirs. Of each the output, and the gradient of one unit of it.

    check_zoo.py [--program PROGRAM] [NAME...]

Limit: relative L2 error to float64 PyTorch max(1e-3, 3 x that of float32 PyTorch). A ReLU whose input is next to zero, or a
pooling window whose two largest are next to equal, makes a gradient jump where float32 happens to round the other way, and
each program's rounding chooses for itself: beyond the limit PyTorch is asked up to 24 times more, each time with an input
moved by its last bit. Prints a line for each network.
"""
import argparse
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
import warnings

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # PyTorch's threads wait at length, and would keep cores from others

import numpy as np
import torch
import torchvision
from torchvision.models import segmentation

from compare import relative
from export_networks import initialise
from program import Program

LIMIT = 1e-3
SPREAD = 3  # times the error of float32 PyTorch
DRAWS = 24
OPSET = 13
NOT_EXPORTED = {f'swin_v2_{size}': 'aten::zero has no ONNX operator' for size in 'bst'}

# Height and width, by the beginning of a name: as small as leaves the last maps some pixels. ViT and MaxViT take one size
# only; the pools of AlexNet and VGG, adaptive ones, can be exported where they pool nothing.
SIZES = {'alexnet': 224, 'inception': 139, 'maxvit': 224, 'swin': 224, 'vgg': 224, 'vit': 224, '': 96}


class Segmentation(torch.nn.Module):
    """The one output that matters of a network whose outputs are a dictionary."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)['out']


def zoo():
    return [*torchvision.models.list_models(torchvision.models), *torchvision.models.list_models(segmentation)]


def make(name, x):
    """The network, with weights that keep a signal alive to its last layer."""
    if name in segmentation.__dict__:
        net = Segmentation(torchvision.models.get_model(name, weights=None, weights_backbone=None))
    else:
        more = {'init_weights': False, 'aux_logits': False} if name in ('googlenet', 'inception_v3') else {}
        net = torchvision.models.get_model(name, weights=None, **more)
    initialise(net, x)
    for key, p in net.named_parameters():
        if key.endswith('layer_scale'):  # ConvNeXt's begin as 1e-6, beside which no block would count
            torch.nn.init.uniform_(p, 0.2, 0.6)
    return net


def gradient(net, x, channel, at):
    """(the output, the gradient of one unit of it times its value), in the network's precision. at: [y,x] or None."""
    x = x.clone().requires_grad_(True)
    y = net(x)
    unit = y[0, channel, at[0], at[1]] if at else y[0, channel]
    (r,) = torch.autograd.grad(unit, x, unit.detach())
    return y.detach().numpy(), r[0].numpy()


def limit(single):
    return max(LIMIT, SPREAD * single)


def errors_of(name, program):
    """([(what, error of the program, error of float32 PyTorch)], how many times more PyTorch was asked)"""
    torch.manual_seed(len(name))
    size = next(SIZES[key] for key in SIZES if name.startswith(key))
    x = torch.randn(1, 3, size, size)
    net = make(name, x)
    with torch.no_grad():
        channel = int(net(x)[0].flatten(1).amax(1).argmax()) if isinstance(net, Segmentation) else int(net(x).argmax())
    with tempfile.TemporaryDirectory() as folder:
        path, x_path = os.path.join(folder, f'{name}.onnx'), os.path.join(folder, 'x.npy')
        torch.onnx.export(net, x, path, opset_version=OPSET, input_names=['image'], output_names=['score'])
        np.save(x_path, x.numpy())
        y = program.forward(path, x_path)
        ((said, r),) = program.project(path, x_path, 'score', [channel], 'gradient')
    at = said['position'] if y.ndim == 4 else None
    net.requires_grad_(False)  # not before: attention without gradients has a short cut that cannot be exported
    single = gradient(net, x, channel, at)
    want = gradient(net.double(), x.double(), channel, at)
    output, back = [(relative(a, c), relative(b, c)) for a, b, c in zip((y, r), single, want)]
    draws = 0
    net.float()
    while back[0] > limit(back[1]) and draws < DRAWS:
        moved = torch.nextafter(x, x + torch.randn_like(x))
        back, draws = (back[0], max(back[1], relative(gradient(net, moved, channel, at)[1], want[1]))), draws + 1
    return [('output', *output), ('gradient', *back)], draws


def check(name, program, answer):
    """Puts (whether all is well, what is to be said) into the pipe."""
    warnings.simplefilter('ignore')
    torch.set_num_threads(2)
    try:
        errors, draws = errors_of(name, program)
        said = ', '.join(f'{what} {e:.1e} (float32 {single:.1e})' for what, e, single in errors)
        answer.send((all(e <= limit(single) for _, e, single in errors), f'{said} of {1 + draws}' if draws else said))
    except Exception as e:  # whatever it is, the next network has its turn
        answer.send((False, traceback.format_exception_only(type(e), e)[-1].splitlines()[0]))


def run(name, program):
    """In a process of its own: the largest take 16 GiB, and leave nothing behind."""
    answer, far_end = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=check, args=(name, program, far_end))
    child.start()
    far_end.close()
    try:
        return answer.recv()
    except EOFError:
        child.join()
        return False, f'ended with status {child.exitcode}, for want of memory?'
    finally:
        child.join()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('names', nargs='*', help='networks; default: all')
    p.add_argument('--program', default='build/release/deconvviz')
    o = p.parse_args()
    passed, tried = 0, 0
    for name in o.names or zoo():
        if name in NOT_EXPORTED:
            print(f'{"-":6} {name:28} PyTorch cannot export it: {NOT_EXPORTED[name]}', flush=True)
            continue
        begin = time.monotonic()
        good, said = run(name, Program(o.program))
        passed, tried = passed + good, tried + 1
        print(f'{"ok" if good else "FAILED":6} {name:28} {said}, {time.monotonic() - begin:.0f} s', flush=True)
    print(f'{passed} of {tried}')
    sys.exit(passed < tried)


if __name__ == '__main__':
    main()
