#!/usr/bin/env python3
"""Writes the networks of the literature to models/*.json, in the format of src/load/network.h.

    scripts/make-networks.py [FOLDER]

Those that torchvision has take its names of weights, so that its state dict, saved as safetensors under the
network's name, is all they need; their nodes are called after its modules. zfnet and caffenet have names of
their own, conv1 to fc8. Weights are not part of this repository.
"""
import json
import pathlib
import sys


class Network:
    def __init__(self, name, description, size=224, preprocess='imagenet'):
        self.head = dict(format='deconvviz-network', version=1, name=name, description=description,
                         weights=f'{name}.safetensors', input=dict(name='image', shape=[3, size, size]),
                         preprocess=preprocess)
        self.nodes = []
        self.last = 'image'

    def node(self, op, name, after=None, **rest):
        """Appends a node that reads `after` (default: the last one) and returns its name."""
        node = dict(op=op, name=name)
        if after is not None and after != self.last:
            node['input'] = after
        self.nodes.append({**node, **rest})
        self.last = name
        return name

    def conv(self, name, kernel, stride=1, pad=0, group=1, after=None):
        rest = dict(weights=name, kernel_shape=[kernel, kernel])
        if stride != 1:
            rest['strides'] = [stride, stride]
        if pad:
            rest['pads'] = [pad] * 4
        if group != 1:
            rest['group'] = group
        return self.node('Conv', name, after, **rest)

    def relu(self, name):
        return self.node('Relu', name)

    def norm(self, name, epsilon=1e-5):
        return self.node('BatchNormalization', name, weights=name, epsilon=epsilon)

    def max_pool(self, name, kernel, stride, pad=0, ceil=False, after=None):
        rest = dict(kernel_shape=[kernel, kernel], strides=[stride, stride])
        if pad:
            rest['pads'] = [pad] * 4
        if ceil:
            rest['ceil_mode'] = 1
        return self.node('MaxPool', name, after, **rest)

    def lrn(self, name, alpha, bias):
        return self.node('LRN', name, size=5, alpha=alpha, beta=0.75, bias=bias)

    def linear(self, name):
        return self.node('Gemm', name, weights=name, transB=1)

    def average_all(self, name):
        self.node('GlobalAveragePool', name)

    def flatten(self):
        self.node('Flatten', 'flatten')

    def text(self):
        lines = [f' {json.dumps(k)}: {json.dumps(v)},' for k, v in self.head.items()]
        nodes = ',\n'.join('  ' + json.dumps(n) for n in self.nodes)
        return '\n'.join(['{', *lines, ' "nodes": [', nodes, ' ]', '}', ''])


def torchvision(name, paper, **rest):
    return Network(name, f"{paper}; as in torchvision.models.{name}, whose names of weights it takes", **rest)


def classifier(net, numbers):
    """Fully connected layers with a ReLU between; torchvision numbers the modules."""
    for i, number in enumerate(numbers):
        net.linear(f'classifier.{number}')
        if i + 1 < len(numbers):
            net.relu(f'classifier.{number + 1}')


def alexnet():
    net = torchvision('alexnet', 'Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks')
    for number, kernel, stride, pad, pool in ((0, 11, 4, 2, True), (3, 5, 1, 2, True), (6, 3, 1, 1, False),
                                              (8, 3, 1, 1, False), (10, 3, 1, 1, True)):
        net.conv(f'features.{number}', kernel, stride, pad)
        net.relu(f'features.{number + 1}')
        if pool:
            net.max_pool(f'features.{number + 2}', 3, 2)
    net.flatten()
    classifier(net, (1, 4, 6))
    return net


def vgg(depth, norm):
    name = f'vgg{depth}' + ('_bn' if norm else '')
    net = torchvision(name, 'Simonyan and Zisserman 2014, Very deep convolutional networks')
    blocks = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}[depth]
    number = 0
    for n in blocks:
        for _ in range(n):
            net.conv(f'features.{number}', 3, pad=1)
            if norm:
                number += 1
                net.norm(f'features.{number}')
            net.relu(f'features.{number + 1}')
            number += 2
        net.max_pool(f'features.{number}', 2, 2)
        number += 1
    net.flatten()
    classifier(net, (0, 3, 6))
    return net


def fire(net, number):
    name = f'features.{number}'
    net.conv(f'{name}.squeeze', 1)
    squeezed = net.relu(f'{name}.squeeze_activation')
    parts = []
    for kernel, part in ((1, 'expand1x1'), (3, 'expand3x3')):
        net.conv(f'{name}.{part}', kernel, pad=kernel // 2, after=squeezed)
        parts.append(net.relu(f'{name}.{part}_activation'))
    net.node('Concat', name, parts, axis=1)


def squeezenet(version):
    net = torchvision(f'squeezenet{version}', 'Iandola et al. 2016, SqueezeNet')
    kernel, pools = {'1_0': (7, (2, 6, 11)), '1_1': (3, (2, 5, 8))}[version]
    net.conv('features.0', kernel, 2)
    net.relu('features.1')
    for number in range(2, 13):
        if number in pools:
            net.max_pool(f'features.{number}', 3, 2, ceil=True)
        else:
            fire(net, number)
    net.conv('classifier.1', 1)
    net.relu('classifier.2')
    net.average_all('classifier.3')
    net.flatten()
    return net


def residual_block(net, name, bottleneck, stride, project):
    before = net.last
    steps = ((1, 1), (3, stride), (1, 1)) if bottleneck else ((3, stride), (3, 1))
    for i, (kernel, step) in enumerate(steps, 1):
        net.conv(f'{name}.conv{i}', kernel, step, kernel // 2)
        main = net.norm(f'{name}.bn{i}')
        if i < len(steps):
            net.relu(f'{name}.relu{i}')
    if project:
        net.conv(f'{name}.downsample.0', 1, stride, after=before)
        before = net.norm(f'{name}.downsample.1')
    net.node('Add', f'{name}.add', [main, before])
    net.relu(name)


def resnet(depth):
    net = torchvision(f'resnet{depth}', 'He et al. 2015, Deep residual learning')
    blocks = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}[depth]
    net.conv('conv1', 7, 2, 3)
    net.norm('bn1')
    net.relu('relu')
    net.max_pool('maxpool', 3, 2, 1)
    for layer, n in enumerate(blocks, 1):
        for block in range(n):
            stride = 2 if layer > 1 and block == 0 else 1
            residual_block(net, f'layer{layer}.{block}', depth == 50, stride,
                           block == 0 and (stride == 2 or depth == 50))
    net.average_all('avgpool')
    net.flatten()
    net.linear('fc')
    return net


def googlenet():
    # torchvision's weights want (x - 0.5) / 0.5; it gets there from ImageNet's means by `transform_input`
    net = torchvision('googlenet', 'Szegedy et al. 2014, Going deeper with convolutions',
                      preprocess=dict(resize=256, size=224, scale=1 / 255, mean=[0.5] * 3, std=[0.5] * 3, order='rgb'))

    def unit(name, kernel, stride=1, pad=0, after=None):
        net.conv(f'{name}.conv', kernel, stride, pad, after=after)
        net.norm(f'{name}.bn', epsilon=0.001)
        return net.relu(name)

    def inception(name):
        before = net.last
        parts = [unit(f'{name}.branch1', 1)]
        for branch in (2, 3):
            unit(f'{name}.branch{branch}.0', 1, after=before)
            parts.append(unit(f'{name}.branch{branch}.1', 3, pad=1))
        net.max_pool(f'{name}.branch4.0', 3, 1, 1, ceil=True, after=before)
        parts.append(unit(f'{name}.branch4.1', 1))
        net.node('Concat', name, parts, axis=1)

    unit('conv1', 7, 2, 3)
    net.max_pool('maxpool1', 3, 2, ceil=True)
    unit('conv2', 1)
    unit('conv3', 3, pad=1)
    net.max_pool('maxpool2', 3, 2, ceil=True)
    for part in ('3a', '3b'):
        inception(f'inception{part}')
    net.max_pool('maxpool3', 3, 2, ceil=True)
    for part in ('4a', '4b', '4c', '4d', '4e'):
        inception(f'inception{part}')
    net.max_pool('maxpool4', 2, 2, ceil=True)
    for part in ('5a', '5b'):
        inception(f'inception{part}')
    net.average_all('avgpool')
    net.flatten()
    net.linear('fc')
    return net


def fully_connected(net):
    net.flatten()
    for i in (6, 7, 8):
        net.linear(f'fc{i}')
        if i < 8:
            net.relu(f'relu{i}')


def zfnet():
    net = Network('zfnet', 'Zeiler and Fergus 2013, Visualizing and understanding convolutional networks, figure 3; '
                  'contrast normalization after pool1 and pool2 with the constants of Krizhevsky et al. 2012. Weights '
                  'conv1 (96,3,7,7), conv2 (256,96,5,5), conv3 (384,256,3,3), conv4 (384,384,3,3), conv5 (256,384,3,3), '
                  'fc6 (4096,9216), fc7 (4096,4096), fc8 (1000,4096), each with .weight and .bias')
    net.conv('conv1', 7, 2, 1)
    net.relu('relu1')
    net.max_pool('pool1', 3, 2, ceil=True)
    net.lrn('norm1', 5e-4, 2.0)
    net.conv('conv2', 5, 2)
    net.relu('relu2')
    net.max_pool('pool2', 3, 2, ceil=True)
    net.lrn('norm2', 5e-4, 2.0)
    for i in (3, 4, 5):
        net.conv(f'conv{i}', 3, pad=1)
        net.relu(f'relu{i}')
    net.max_pool('pool5', 3, 2)
    fully_connected(net)
    return net


def caffenet():
    net = Network('caffenet', 'The reference CaffeNet (Jia et al. 2014): AlexNet of Krizhevsky et al. 2012 in one column, '
                  'pooled before it is normalized. Weights as Caffe has them, BGR: conv1 (96,3,11,11), '
                  'conv2 (256,48,5,5), conv3 (384,256,3,3), conv4 (384,192,3,3), conv5 (256,192,3,3), fc6 (4096,9216), '
                  'fc7 (4096,4096), fc8 (1000,4096), each with .weight and .bias', size=227,
                  preprocess=dict(resize=256, size=227, scale=1, mean=[104.007, 116.669, 122.679], std=[1, 1, 1],
                                  order='bgr'))
    net.conv('conv1', 11, 4)
    net.relu('relu1')
    net.max_pool('pool1', 3, 2, ceil=True)
    net.lrn('norm1', 1e-4, 1.0)
    net.conv('conv2', 5, pad=2, group=2)
    net.relu('relu2')
    net.max_pool('pool2', 3, 2, ceil=True)
    net.lrn('norm2', 1e-4, 1.0)
    for i, group in ((3, 1), (4, 2), (5, 2)):
        net.conv(f'conv{i}', 3, pad=1, group=group)
        net.relu(f'relu{i}')
    net.max_pool('pool5', 3, 2, ceil=True)
    fully_connected(net)
    return net


def all_networks():
    yield alexnet()
    for depth in (11, 13, 16, 19):
        yield vgg(depth, False)
        yield vgg(depth, True)
    for version in ('1_0', '1_1'):
        yield squeezenet(version)
    for depth in (18, 34, 50):
        yield resnet(depth)
    yield googlenet()
    yield zfnet()
    yield caffenet()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / 'models')
    for net in all_networks():
        (folder / f'{net.head["name"]}.json').write_text(net.text())


if __name__ == '__main__':
    main()
