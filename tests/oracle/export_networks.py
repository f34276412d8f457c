#!/usr/bin/python3
"""Exports torchvision's architectures to ONNX with random weights, as users export theirs: operator sets 11 to 17,
batch normalisation folded or not, a dynamic batch or not. He-initialised; the statistics of batch normalisation
are those of noise, so that activations stay alive to the last layer.

    export_networks.py [NAME...]      writes build/oracle/NAME.onnx and NAME.npy, its input
"""
import os
import sys

import numpy as np
import onnx
import torch
import torchvision
from onnx import helper
from torch import nn

LRN = {'size': 5, 'alpha': 0.05, 'beta': 0.75, 'k': 2}
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../build/oracle')


def vision(name, **more):
    return lambda: getattr(torchvision.models, name)(weights=None, **more)


def narrow_vgg(name):
    """Its fully connected layers narrowed: VGG-16 itself has them as they are."""
    def make():
        m = getattr(torchvision.models, name)(weights=None)
        m.classifier[0], m.classifier[3] = nn.Linear(25088, 128), nn.Linear(128, 128)
        m.classifier[6] = nn.Linear(128, 100)
        return m
    return make


def alexnet_lrn():
    """Krizhevsky et al. 2012 with its contrast normalisation and overlapping pools, one group, narrow."""
    return nn.Sequential(
        nn.Conv2d(3, 48, 11, 4, 2), nn.ReLU(), nn.LocalResponseNorm(**LRN), nn.MaxPool2d(3, 2),
        nn.Conv2d(48, 64, 5, 1, 2, groups=2), nn.ReLU(), nn.LocalResponseNorm(**LRN), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 96, 3, 1, 1), nn.ReLU(), nn.Conv2d(96, 64, 3, 1, 1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(64 * 4 * 4, 64), nn.ReLU(), nn.Linear(64, 20))


class Segment(nn.Module):
    """An autoencoder with a skip: down by strides and pools, up by transposed convolutions."""

    def __init__(self):
        super().__init__()
        self.down1 = nn.Sequential(nn.Conv2d(1, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.LeakyReLU(0.1))
        self.down2 = nn.Sequential(nn.Conv2d(16, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.PReLU(32), nn.MaxPool2d(2))
        self.up2 = nn.Sequential(nn.ConvTranspose2d(32, 24, 4, 2, 1), nn.BatchNorm2d(24), nn.ReLU())
        self.up1 = nn.ConvTranspose2d(24, 16, 3, 2, 1, output_padding=1)
        self.out = nn.Conv2d(32, 5, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.up1(self.up2(self.down2(a)))
        return torch.softmax(self.out(torch.cat([a, torch.relu(b)], 1)), 1)


# name: (how it is made, input (C,H,W), operator set, options: folded / dynamic)
NETWORKS = {
    'alexnet': (vision('alexnet'), (3, 224, 224), 11, 'folded'),
    'vgg11': (narrow_vgg('vgg11'), (3, 224, 224), 12, 'folded'),
    'vgg16': (vision('vgg16'), (3, 224, 224), 13, 'folded'),
    'vgg19': (narrow_vgg('vgg19'), (3, 224, 224), 17, 'folded'),
    'vgg11_bn': (narrow_vgg('vgg11_bn'), (3, 224, 224), 14, ''),
    'squeezenet1_0': (vision('squeezenet1_0'), (3, 135, 121), 11, 'folded'),
    'squeezenet1_1': (vision('squeezenet1_1'), (3, 112, 128), 15, 'folded'),
    'googlenet': (vision('googlenet', aux_logits=False, init_weights=False), (3, 113, 127), 12, ''),
    'inception_v3': (vision('inception_v3', aux_logits=False, init_weights=False), (3, 139, 155), 13, 'folded'),
    'resnet18': (vision('resnet18'), (3, 128, 97), 11, 'folded'),
    'resnet50': (vision('resnet50'), (3, 96, 96), 16, ''),
    'densenet121': (vision('densenet121'), (3, 96, 96), 11, 'folded'),
    'mobilenet_v2': (vision('mobilenet_v2'), (3, 96, 128), 13, ''),
    'shufflenet_v2_x1_0': (vision('shufflenet_v2_x1_0'), (3, 128, 96), 11, 'folded dynamic'),
    'mnasnet1_0': (vision('mnasnet1_0'), (3, 96, 96), 17, 'folded'),
    'efficientnet_b0': (vision('efficientnet_b0'), (3, 96, 96), 14, 'folded'),
    'alexnet_lrn': (alexnet_lrn, (3, 163, 163), 12, 'folded'),
    'segment': (Segment, (1, 48, 64), 15, ''),
}


def initialise(model, x):
    """He-initialised weights; running statistics from noise like the input."""
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(m.weight, mode='fan_in', nonlinearity='relu')
            if m.bias is not None:
                nn.init.normal_(m.bias, 0, 0.1)
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.7, 1.3)
            nn.init.normal_(m.bias, 0, 0.1)
            m.momentum = 1.0
    if any(isinstance(m, nn.BatchNorm2d) for m in model.modules()):
        model.train()
        with torch.no_grad():
            model(torch.randn(4, *x.shape[1:]))
    model.eval()


def with_native_lrn(model):
    """alexnet_lrn with each division, the end of what PyTorch exports for LocalResponseNorm, turned into one LRN."""
    for n in model.graph.node:
        if n.op_type == 'Div':
            n.CopyFrom(helper.make_node('LRN', [n.input[0]], list(n.output), size=LRN['size'], alpha=LRN['alpha'],
                                        beta=LRN['beta'], bias=float(LRN['k'])))
    assert sum(n.op_type == 'LRN' for n in model.graph.node) == 2
    return model


def export(name):
    """(model, input, the same model with LRN as one node or None), paths; made unless they are there."""
    path, x_path = os.path.join(FOLDER, name + '.onnx'), os.path.join(FOLDER, name + '.npy')
    lrn_path = os.path.join(FOLDER, name + '-native.onnx') if name == 'alexnet_lrn' else None
    if not os.path.exists(path):
        os.makedirs(FOLDER, exist_ok=True)
        make, shape, opset, options = NETWORKS[name]
        torch.manual_seed(len(name))
        model, x = make(), torch.randn(1, *shape)
        initialise(model, x)
        kept = torch.onnx.TrainingMode.EVAL if 'folded' in options else torch.onnx.TrainingMode.PRESERVE
        axes = {'image': {0: 'batch'}} if 'dynamic' in options else None
        torch.onnx.export(model, x, path + '.part', opset_version=opset, training=kept, dynamic_axes=axes,
                          input_names=['image'], output_names=['score'])
        np.save(x_path, x.numpy())
        if lrn_path:
            onnx.save(with_native_lrn(onnx.load(path + '.part')), lrn_path)
        os.rename(path + '.part', path)
    return path, x_path, lrn_path


def main():
    for name in sys.argv[1:] or NETWORKS:
        path = export(name)[0]
        model = onnx.load(path)
        print(name, os.path.getsize(path), ' '.join(sorted({n.op_type for n in model.graph.node})), flush=True)


if __name__ == '__main__':
    main()
