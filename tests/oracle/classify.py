#!/usr/bin/python3
"""classify.py PROGRAM NETWORK.safetensors LABELS IMAGES [N] - classes and probabilities of N photographs by the centre and by
ten views, and of two networks, against torchvision's transforms and PyTorch in float64.

NETWORK: SqueezeNet 1.1's weights under torchvision's names. Two networks: those weights, and the same with a noisy last layer."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision import transforms

MEAN, STD = (.485, .456, .406), (.229, .224, .225)
TYPES = {'F32': np.float32, 'F16': np.float16, 'F64': np.float64}


def read_weights(path):
    with open(path, 'rb') as f:
        head = json.loads(f.read(int.from_bytes(f.read(8), 'little')))
        data = f.read()
    return {k: torch.tensor(np.frombuffer(data[v['data_offsets'][0]:v['data_offsets'][1]], TYPES[v['dtype']]).astype(np.float32)
                            .reshape(v['shape'])) for k, v in head.items() if k != '__metadata__'}


def network(weights):
    net = torchvision.models.squeezenet1_1(weights=None)
    net.load_state_dict(weights)
    return net.double().eval()


def views(path, crops):
    cut = transforms.TenCrop(224) if crops == 10 else transforms.Lambda(lambda im: (transforms.CenterCrop(224)(im),))
    image = transforms.Resize(256)(Image.open(path).convert('RGB'))
    one = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    return torch.stack([one(v) for v in cut(image)]).double()


def said(program, crops, labels, models, images):
    words = [program, 'classify', '-q', '--json', '--top', '100', '--crops', str(crops), '--labels', labels]
    for m in models:
        words += ['-m', m]
    done = subprocess.run(words + images, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    program, weights_path, labels, folder = sys.argv[1:5]
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 40
    names = sorted(os.listdir(folder))
    images = [os.path.join(folder, n) for n in names[::max(1, len(names) // count)]][:count]
    weights = read_weights(weights_path)
    torch.manual_seed(1)
    other = dict(weights)
    other['classifier.1.weight'] = weights['classifier.1.weight'] * (1 + 0.3 * torch.randn_like(weights['classifier.1.weight']))
    nets = [network(weights), network(other)]
    worst, wrong, cases = 0, 0, 0
    with tempfile.TemporaryDirectory() as at:
        models = []
        for i, net in enumerate(nets):
            models.append(os.path.join(at, f'{i}.onnx'))
            torch.onnx.export(net.float(), torch.zeros(1, 3, 224, 224), models[i], opset_version=13)
            net.double()
        for crops, some in ((1, nets[:1]), (10, nets[:1]), (10, nets)):
            answers = said(program, crops, labels, models[:len(some)], images)
            for path, answer in zip(images, answers):
                with torch.no_grad():
                    x = views(path, crops)
                    p = sum(torch.softmax(n(x), 1).mean(0) for n in some).numpy() / len(some)
                got = answer['classes']
                gaps = [abs(c['probability'] - p[c['class']]) for c in got]
                worst = max(worst, *gaps)
                # of equal ones, within rounding, either may be the best
                wrong += p.max() - p[got[0]['class']] > 1e-5 or max(gaps) > 1e-4
                cases += 1
    print(f'classify: {cases} cases, worst probability off by {worst:.1e}')
    print(f'{cases - wrong} passed, {wrong} failed')
    return int(wrong > 0)


if __name__ == '__main__':
    sys.exit(main())
