#!/usr/bin/python3
"""Train zfnet64 or alexnet64, the networks of this project, and write them as deconvviz reads them.

    train.py --net zfnet64 --data tiny-imagenet-100.zip --out models --epochs 64 --state DIR     train, or go on training
    train.py --net zfnet64 --activation silu …         the same with another activation: zfnet64-silu
    train.py --mean FILE.safetensors... --data tiny-imagenet-100.zip --out models      average written weights into one file
    train.py --evaluate FILE.safetensors --data tiny-imagenet-100.zip                           test one written file
    train.py --table models                                                                     accuracy of all files there

DATA is a zip or a folder with train/CLASS/IMAGE and val/CLASS/IMAGE, and perhaps classes.txt (a line: CLASS<TAB>name).
Into OUT go NET.json (the network), NET.safetensors and NET-epochNN.safetensors (weights, fp16), and the labels.
README.md beside this file says why it is done as it is. Needs python3-torch, python3-numpy, python3-pil.
"""
import argparse
import copy
import glob
import io
import json
import os
import struct
import sys
import time
import zipfile
import zlib

import numpy as np

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')     # before torch: a thread that waits for its fellow leaves the core alone
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image, ImageOps

SIZE = 64                     # side of the input in pixels
SMALL = 52                    # side of the training views in the first part of the training: 0.7 of the work of a step
MEAN, STD = (.480, .448, .398), (.277, .269, .282)                              # of RGB / 255
KEPT = {'zfnet64': (1, 2, 5, 10, 20, 30, 40, 64), 'alexnet64': (1, 5, 20)}      # epochs whose weights are kept, beside the last
ACTIVATIONS = {'Relu': F.relu, 'Silu': F.silu, 'Gelu': F.gelu}                   # in a name: zfnet64-silu; zfnet64 has ReLU

# The networks, layer by layer, and in what their variants differ. A name is BASE[-VARIANT][-ACTIVATION].
BASE = dict(widths={1: 64, 2: 128, 3: 192, 4: 192, 5: 192, 6: 256, 7: 256},      # channels out, by layer; 8 has the classes'
            without=(),                                                          # layers left out
            down='MaxPool', top='full')                # what makes the maps smaller; what is between them and the last layers
BASES = {'zfnet64': dict(BASE, first=(7, 2), pools={1: 1, 2: 1, 5: 0}, side=3),  # kernel and stride of conv1; pads of pools by
         'alexnet64': dict(BASE, first=(11, 4), pools={1: 1, 2: 1, 5: 1}, side=2)}               # layer; side of what pool5 gives
VARIANTS = {'no34': dict(without=(3, 4)),                                        # table 3 of Zeiler & Fergus (2013)
            'no67': dict(without=(6, 7)),
            'no3467': dict(without=(3, 4, 6, 7)),
            'wide': dict(widths={**BASE['widths'], 3: 256, 4: 384, 5: 256}),     # 384, 384, 256 -> 512, 1024, 512 there
            'gap': dict(without=(6, 7), pools={1: 1, 2: 1}, top='average'),      # Lin et al. (2013): each map's mean
            'strided': dict(down='Conv')}                                        # All-CNN of Springenberg et al. (2014)

# The second cycle: against learning the training images by heart, which has begun by the end of the first one.
SECOND = dict(rate=.4, mix=.2, average=.9995)       # part of --rate; pairs of images are mixed by Beta(mix, mix); for --average


# ---- the network: a list of ONNX nodes; what is trained, what is tested and what is written all come from it

def network_nodes(net, classes):
    """zfnet64, alexnet64-silu, zfnet64-no34, … -> nodes; {name: channels in} and {name: channels out} of those with weights"""
    base, *parts = net.split('-')
    activation = next((p for p in parts if p.capitalize() in ACTIVATIONS), 'relu')
    variant = dict(BASES[base])
    for p in parts:
        variant.update(VARIANTS.get(p, {}))
    nodes, inputs, outputs, channels = [], {}, {}, 3

    def weighted(op, name, out, **attributes):
        nonlocal channels
        nodes.append(dict(op=op, name=name, weights=name, **attributes))
        inputs[name], outputs[name], channels = channels, out, out

    def conv(name, out, k, stride, pad):
        weighted('Conv', name, out, kernel_shape=[k] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def act(i):
        nodes.append(dict(op=activation.capitalize(), name=f'{activation}{i}'))

    for i, width in variant['widths'].items():
        if i in variant['without']:
            continue
        if i <= 5:
            k, stride = variant['first'] if i == 1 else (5 if i == 2 else 3, 1)
            conv(f'conv{i}', width, k, stride, k // 2)
        else:
            weighted('Gemm', f'fc{i}', width, transB=1)
        act(i)
        if i in variant['pools']:
            pad = variant['pools'][i]
            if variant['down'] == 'Conv':
                conv(f'down{i}', width, 3, 2, pad)
                act(f'_down{i}')
            else:
                nodes.append(dict(op='MaxPool', name=f'pool{i}', kernel_shape=[3, 3], strides=[2, 2], pads=[pad] * 4))
        if i == 5:
            if variant['top'] == 'average':
                nodes.append(dict(op='GlobalAveragePool', name='average'))
            else:
                channels *= variant['side'] ** 2
            nodes.append(dict(op='Flatten', name='flatten'))
    weighted('Gemm', 'fc8', classes, transB=1)
    return nodes, inputs, outputs


def written_out(nodes):
    """ONNX has no SiLU: x and its sigmoid, multiplied."""
    before = None
    for n in nodes:
        if n['op'] == 'Silu':
            yield dict(op='Sigmoid', name=n['name'] + '_gate')
            yield dict(op='Mul', name=n['name'], input=[before, n['name'] + '_gate'])
        else:
            yield n
        before = n['name']


def network_json(net, nodes, labels):
    head = dict(format='deconvviz-network', version=1, name=net, weights=f'{net}.safetensors',
                input=dict(name='image', shape=[3, SIZE, SIZE]),
                preprocess=dict(resize=SIZE, size=SIZE, scale=1 / 255, mean=MEAN, std=STD, order='rgb'), labels=labels)
    lines = [f' {json.dumps(k)}: {json.dumps(v)},' for k, v in head.items()]
    return '\n'.join(['{', *lines, ' "nodes": [', ',\n'.join('  ' + json.dumps(n) for n in written_out(nodes)), ' ]', '}', ''])


class TrainingNet(nn.Module):
    """The same function with a BatchNorm after each convolution (folded() takes it out) and dropout before FC 7 and FC 8.

    A max-pool goes before its ReLU here: the two commute, and the ReLU then has a quarter of the work. (With SiLU and
    GELU, which fall before they rise, they do not.)"""

    def __init__(self, nodes, inputs, outputs, dropout):
        super().__init__()
        steps, order = [], list(nodes)
        for a in range(len(order) - 1):
            if order[a]['op'] == 'Relu' and order[a + 1]['op'] == 'MaxPool':
                order[a], order[a + 1] = order[a + 1], order[a]
        for n in order:
            i, o = inputs.get(n['name']), outputs.get(n['name'])
            if n['op'] == 'Conv':
                steps += [(n['name'], nn.Conv2d(i, o, n['kernel_shape'], n['strides'], n['pads'][0], bias=False)),
                          (n['name'] + '_norm', nn.BatchNorm2d(o))]
            elif n['op'] in ACTIVATIONS:
                steps += [(n['name'], dict(Relu=nn.ReLU(inplace=True), Silu=nn.SiLU(inplace=True), Gelu=nn.GELU())[n['op']])]
            elif n['op'] == 'MaxPool':
                steps += [(n['name'], nn.MaxPool2d(n['kernel_shape'], n['strides'], n['pads'][0]))]
            elif n['op'] == 'GlobalAveragePool':
                steps += [(n['name'], nn.AdaptiveAvgPool2d(1))]
            elif n['op'] == 'Flatten':
                steps += [(n['name'], nn.Flatten())]
            else:
                if n['name'] != 'fc6':
                    steps += [('drop_' + n['name'], nn.Dropout(dropout))]
                steps += [(n['name'], nn.Linear(i, o))]
        self.steps = nn.Sequential()
        for name, module in steps:
            self.steps.add_module(name, module)

    def forward(self, x):
        return self.steps(x)


def folded(state):
    """state_dict of a TrainingNet -> {'conv1.weight': fp16 tensor, …} of the plain network, BatchNorm folded into conv."""
    tensors = {}
    for key, w in state.items():
        name, what = key.split('.')[-2:]
        if name.endswith('_norm'):
            continue
        if f'steps.{name}_norm.weight' not in state:                             # fully connected
            tensors[f'{name}.{what}'] = w
        else:
            gamma, beta, mean, var = (state[f'steps.{name}_norm.{k}']
                                      for k in ('weight', 'bias', 'running_mean', 'running_var'))
            gain = gamma / torch.sqrt(var + 1e-5)                                # BatchNorm2d's eps
            tensors[f'{name}.weight'] = w * gain[:, None, None, None]
            tensors[f'{name}.bias'] = beta - mean * gain
    return {k: v.detach().half().contiguous() for k, v in tensors.items()}


def run_plain(nodes, tensors, x, seen=None):
    """x (N,3,H,W) through the plain network in float32. seen: a function that gets each node's name and its output."""
    for n in nodes:
        w, b = (tensors[f"{n['weights']}.{k}"] for k in ('weight', 'bias')) if 'weights' in n else (None, None)
        if n['op'] == 'Conv':
            x = F.conv2d(x, w, b, n['strides'], n['pads'][0])
        elif n['op'] in ACTIVATIONS:
            x = ACTIVATIONS[n['op']](x)
        elif n['op'] == 'MaxPool':
            x = F.max_pool2d(x, n['kernel_shape'], n['strides'], n['pads'][0])
        elif n['op'] == 'GlobalAveragePool':
            x = x.mean((2, 3), keepdim=True)
        elif n['op'] == 'Flatten':
            x = x.flatten(1)
        else:
            x = F.linear(x, w, b)
        if seen:
            seen(n['name'], x)
    return x


# ---- files

def write_whole(path, data):
    """A reader sees the old file or the new one, never half of it."""
    with open(path + '.part', 'wb') as f:
        f.write(data)
    os.replace(path + '.part', path)


def write_safetensors(path, tensors, metadata):
    """8 bytes: length of the header, little-endian; header: JSON; then the values. Offsets count from the header's end."""
    header, body = {'__metadata__': {k: str(v) for k, v in metadata.items()}}, b''
    for name, t in tensors.items():
        values = t.numpy().astype('<f2').tobytes()
        header[name] = dict(dtype='F16', shape=list(t.shape), data_offsets=[len(body), len(body) + len(values)])
        body += values
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-(8 + len(text)) % 64)                                       # the values start at a multiple of 64
    write_whole(path, struct.pack('<Q', len(text)) + text + body)


def read_safetensors(path):
    with open(path, 'rb') as f:
        data = f.read()
    length, = struct.unpack('<Q', data[:8])
    header, body = json.loads(data[8:8 + length]), data[8 + length:]
    metadata = header.pop('__metadata__')
    return {k: torch.from_numpy(np.frombuffer(body[slice(*v['data_offsets'])], '<f2').reshape(v['shape']).copy())
            for k, v in header.items()}, metadata


def image_files(data):
    """-> names of the images in a folder or zip, sorted; a function that reads one; the text of classes.txt, or None"""
    if os.path.isdir(data):
        names = [os.path.relpath(p, data) for p in glob.glob(os.path.join(data, '**'), recursive=True)]

        def read(name):
            with open(os.path.join(data, name), 'rb') as f:
                return f.read()
    else:
        try:
            archive = zipfile.ZipFile(data)
        except (OSError, zipfile.BadZipFile) as e:
            sys.exit(f'{data}: {getattr(e, "strerror", None) or "neither a folder nor a zip"}')
        names, read = archive.namelist(), archive.read
    listed = read('classes.txt').decode() if 'classes.txt' in names else None
    endings = ('.jpeg', '.jpg', '.png', '.ppm', '.bmp', '.webp')
    return sorted(n for n in names if n.lower().endswith(endings) and not n.startswith('__MACOSX/')), read, listed


def divided(names, args):
    """Names of images -> {'train': [(class, name), …], 'val': …}: by the folders train/ and val/ or test/ around those of the
    classes; or where there are none a part of each class, by a chance that other classes have no influence on."""
    top = 0                                                                      # of folders that all are in
    while len({n.split('/')[top] for n in names}) == 1 and all(n.count('/') >= top + 2 for n in names):
        top += 1
    parts = {n.split('/')[top] for n in names if n.count('/') >= top + 2}
    held_out = next((p for p in ('val', 'test') if {p, 'train'} <= parts), None)
    if held_out:
        return {part: [(n.split('/')[top + 1], n) for n in names if n.split('/')[top] == folder and n.count('/') >= top + 2]
                for part, folder in (('train', 'train'), ('val', held_out))}
    classes = {}
    for n in names:
        if n.count('/') > top:
            classes.setdefault(n.split('/')[top], []).append(n)
    sets = {'train': [], 'val': []}
    for c, own in classes.items():
        if len(own) < 2:
            sys.exit(f'{args.data}: one image of {c}: two are needed, to train on one and to test on the other')
        held = min(max(1, round(args.val_part * len(own))), len(own) - 1)
        order = np.random.RandomState([args.split, zlib.crc32(c.encode())]).permutation(len(own))
        for i, place in enumerate(order):
            sets['val' if i < held else 'train'].append((c, own[place]))
    return {part: sorted(images) for part, images in sets.items()}


def decoded(data):
    """The middle square of an image, uint8 (3,64,64)."""
    im = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert('RGB')
    if im.size != (SIZE, SIZE):
        side = min(im.size)
        x, y = (im.width - side) // 2, (im.height - side) // 2
        im = im.resize((SIZE, SIZE), Image.BILINEAR, (x, y, x + side, y + side))
    return np.asarray(im).transpose(2, 0, 1)


def load_images(args):
    """-> {'train': (images uint8 (N,3,64,64), labels (N)), 'val': …}, [(class, name), …], [(file to test on, class), …]"""
    names, read, listed = image_files(args.data)
    sets, broken, tested = divided(names, args), [], []
    for part, chosen in sets.items():
        if args.limit:
            sets[part] = [chosen[i] for i in np.random.RandomState(0).permutation(len(chosen))[:args.limit]]
    if not sets['train'] or not sets['val']:
        sys.exit(f'{args.data}: no images in CLASS/, nor in train/CLASS/ and val/CLASS/')
    if listed:
        classes = [tuple((line + '\t' + line).split('\t')[:2]) for line in listed.splitlines() if line.strip()]
    else:
        classes = [(c, c) for c in sorted({c for c, _ in sets['train']})]
    number = {c: i for i, (c, _) in enumerate(classes)}
    strange = sorted({c for part in sets.values() for c, _ in part if c not in number})
    if strange:
        sys.exit(f"{args.data}: of {', '.join(strange)} there are images to test on, but {'no class' if listed else 'none'} "
                 f"{'in classes.txt' if listed else 'to train on'}")
    if len(classes) < 2:
        sys.exit(f'{args.data}: one class, {classes[0][0]}: two are needed')
    for part, chosen in sets.items():
        images, labels = np.empty((len(chosen), 3, SIZE, SIZE), np.uint8), []
        for c, n in chosen:
            try:
                images[len(labels)] = decoded(read(n))
                labels.append(number[c])
                tested += [(n, c)] * (part == 'val')
            except Exception as e:                                               # Pillow raises of every kind
                broken.append(f"{n} ({str(e).split(' <')[0] or type(e).__name__})")
        sets[part] = torch.from_numpy(images[:len(labels)]), torch.tensor(labels, dtype=torch.int64)
    if broken:
        print(f"{args.data}: {len(broken)} broken image{'s' * (len(broken) > 1)} left out: {', '.join(broken)}",
              file=sys.stderr)
    missing = [c for c, i in number.items() if not (sets['train'][1] == i).any()]
    if missing and not args.limit or not len(sets['train'][1]) or not len(sets['val'][1]):
        sys.exit(f"{args.data}: no image left of {', '.join(missing) or 'those to test on'}")
    return sets, classes, tested


# ---- pixels -> input

def prepare(images):
    """uint8 (N,3,H,W) -> float32, normalised as the network wants it."""
    mean, std = (torch.tensor(v)[None, :, None, None] for v in (MEAN, STD))
    return (images.float() / 255 - mean) / std


def between(n, low, high):
    return torch.empty(n).uniform_(low, high)


def views(images, size):
    """A random view (N,3,size,size) of each prepared image: mirrored, scaled, stretched, turned, shifted, other light."""
    n = len(images)
    step = torch.exp(between(n, np.log(.7), np.log(1.15)))                       # image pixels a view pixel
    stretch, angle = torch.exp(between(n, -.12, .12)), between(n, -.15, .15)
    extent = step * size / SIZE                                                  # of the view, 1 = the whole image
    room = (1 - extent).abs() + .1
    a, b = extent * stretch * between(n, -1, 1).sign(), extent / stretch
    shift = [between(n, -1, 1) * room for _ in range(2)]
    theta = torch.stack([torch.stack([a * angle.cos(), -b * angle.sin(), shift[0]], 1),
                         torch.stack([a * angle.sin(), b * angle.cos(), shift[1]], 1)], 1)
    grid = F.affine_grid(theta, (n, 3, size, size), align_corners=False)
    x = F.grid_sample(images, grid, mode='bilinear', padding_mode='reflection', align_corners=False)
    grey = x.mean(1, keepdim=True)
    colour, light = between(n, .6, 1.4)[:, None, None, None], between(n, -.25, .25)[:, None, None, None]
    gain = between(n, .75, 1.3)[:, None, None, None] * torch.empty(n, 3, 1, 1).uniform_(.93, 1.07)
    return torch.addcmul(light + grey * (gain * (1 - colour)), x, gain * colour)


# ---- training and testing

def correct(scores, labels):
    best = scores.topk(min(5, scores.shape[1]), 1).indices == labels[:, None]
    return np.array([best[:, 0].sum().item(), best.any(1).sum().item()])


@torch.no_grad()
def accuracy(run, images, labels, batch=250):
    """run: prepared images -> scores. -> top-1, top-5 in percent"""
    total = sum(correct(run(prepare(images[i:i + batch])).float(), labels[i:i + batch]) for i in range(0, len(images), batch))
    return 100 * total / len(images)


def learning_rate(at, args):
    """at: epochs done, with fraction. Up in a straight line for 15 % of the epochs, then down along a cosine to nothing;
    in a second cycle down along a cosine again, from less."""
    if at < args.epochs:
        part = at / args.epochs
        return args.rate * (.04 + .96 * part / .15 if part < .15 else (1 + np.cos(np.pi * (part - .15) / .85)) / 2)
    return args.rate * SECOND['rate'] * (1 + np.cos(np.pi * (at - args.epochs) / args.cycle)) / 2


class Threads:
    """As many threads as there are cores that other programs leave alone, looked at before each step.

    Two threads on one free core wait for each other: 728 ms a step where a single thread takes 317 (177 on two free cores)."""

    def __init__(self, most):
        self.most, self.before = most, self.now()

    @staticmethod
    def now():
        with open('/proc/stat') as f:
            ticks = [int(v) for v in f.readline().split()[1:9]]                  # user nice system idle iowait irq …
        return time.time(), (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf('SC_CLK_TCK'), time.process_time()

    def adapt(self):
        after = self.now()
        wall, busy, own = (a - b for a, b in zip(after, self.before))
        if wall > .5:                                                            # the clock of /proc/stat is coarse
            free = os.cpu_count() - (busy - own) / wall
            torch.set_num_threads(max(1, min(self.most, int(free + .3))))
            self.before = after


def faster_precision(net, batch):
    """bfloat16 takes half as long as float32 on some processors with AVX512-BF16, longer on others, and ten times without."""
    times, net = {}, copy.deepcopy(net)
    x = torch.zeros(batch, 3, SMALL, SMALL).contiguous(memory_format=torch.channels_last)
    with torch.random.fork_rng():
        for precision in ('bfloat16', 'float32') * 2:                            # the second time without what a first one costs
            start = time.process_time()
            with torch.autocast('cpu', dtype=torch.bfloat16, enabled=precision == 'bfloat16'):
                scores = net(x)
            scores.float().sum().backward()
            times[precision] = time.process_time() - start
    return min(times, key=times.get)


def train(args):
    torch.manual_seed(args.seed)
    sets, classes, tested = load_images(args)
    (images, labels), (val_images, val_labels) = sets['train'], sets['val']
    print(f'{args.data}: {len(images)} training images, {len(val_images)} validation images, {len(classes)} classes',
          flush=True)
    nodes, inputs, outputs = network_nodes(args.net, len(classes))
    net = TrainingNet(nodes, inputs, outputs, args.dropout).to(memory_format=torch.channels_last)
    decayed = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD([dict(params=decayed, weight_decay=args.decay), dict(params=others, weight_decay=0)],
                                args.rate, momentum=.9, nesterov=True)
    average = {k: v.clone() for k, v in net.state_dict().items()}                # moving average of weights and statistics
    state_path, done, log = os.path.join(args.state, args.net + '.state'), 0, []
    state = torch.load(state_path) if os.path.exists(state_path) else None
    if args.precision == 'auto':
        args.precision = state['settings'].get('precision', 'bfloat16') if state else faster_precision(net, args.batch)
    settings = {k: getattr(args, k)
                for k in ('net', 'epochs', 'seed', 'split', 'limit', 'batch', 'rate', 'decay', 'dropout', 'average', 'small',
                          'precision')}
    cycle = dict(cycle=args.cycle, cycle_seed=args.cycle_seed)                   # may be chosen until it has begun
    settings['data'] = f'{len(images)} images of {len(classes)} classes'
    if state:
        begun = state['settings']
        other = [f"--{k.replace('_', '-')} {begun[k]}, not {v}" for k, v in dict(settings, **cycle).items()
                 if begun.get(k, v) != v and (k in settings or state['epoch'] > args.epochs)]
        if other:
            sys.exit(f"{state_path}: begun with {', '.join(other)}: go on with that, or choose another --state")
        net.load_state_dict(state['net'])
        optimizer.load_state_dict(state['optimizer'])
        torch.set_rng_state(state['rng'])
        average, done, log = state['average'], state['epoch'], state['log']
        print(f'{state_path}: {done} of {args.epochs + args.cycle} epochs done', flush=True)

    settings.update(cycle)
    os.makedirs(args.out, exist_ok=True)
    os.makedirs(args.state, exist_ok=True)
    label_file = os.path.splitext(os.path.basename(os.path.abspath(args.data)))[0] + '.txt'
    write_whole(os.path.join(args.out, args.net + '.json'), network_json(args.net, nodes, label_file).encode())
    write_whole(os.path.join(args.out, label_file),
                ''.join(f'{c}\n' if c == name else f'{c} {name}\n' for c, name in classes).encode())
    if os.path.isdir(args.data):
        write_whole(os.path.join(args.out, args.net + '-tested.txt'),
                    ''.join(f'{os.path.join(args.data, n)} {c}\n' for n, c in tested).encode())
    steps, threads = max(1, len(images) // args.batch), Threads(args.threads)
    last = args.epochs + args.cycle
    for epoch in range(done + 1, last + 1):
        second = epoch > args.epochs
        start, loss_sum, looking = time.time(), 0., 0.
        if epoch == args.epochs + 1 and args.cycle_seed:
            torch.manual_seed(args.cycle_seed)
        size = SMALL if epoch <= args.small * args.epochs else SIZE
        net.train()
        order = torch.randperm(len(images))
        for s in range(steps):
            threads.adapt()
            count = (epoch - 1) * steps + s
            for group in optimizer.param_groups:
                group['lr'] = learning_rate(count / steps, args)
            look = time.time()
            some = order[s * args.batch:(s + 1) * args.batch]
            x = views(prepare(images[some]), size).contiguous(memory_format=torch.channels_last)
            y, other, share = labels[some], labels[some].flip(0), 1.
            if second:
                share = torch.distributions.Beta(SECOND['mix'], SECOND['mix']).sample().item()
                x = torch.lerp(x.flip(0), x, share).contiguous(memory_format=torch.channels_last)
            looking += time.time() - look
            with torch.autocast('cpu', dtype=torch.bfloat16, enabled=args.precision == 'bfloat16'):
                scores = net(x)
            loss = share * F.cross_entropy(scores.float(), y, label_smoothing=.1)
            if second:
                loss = loss + (1 - share) * F.cross_entropy(scores.float(), other, label_smoothing=.1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item()
            keep = min(SECOND['average'] if second else args.average, (count + 1) / (count + 10))
            for k, v in net.state_dict().items():
                if v.is_floating_point():
                    average[k].lerp_(v, 1 - keep)
            if args.verbose and s % 20 == 19:
                print(f'  step {s + 1} loss {loss_sum / (s + 1):.3f} {(time.time() - start) / (s + 1) * 1000:.0f} ms a step, '
                      f'threads {torch.get_num_threads()}, '
                      f'of these views {looking / (s + 1) * 1000:.0f}', flush=True)
        loss_mean = loss_sum / steps

        # What is tested is what is written: the average, folded, rounded to fp16. Other epochs are tested in bfloat16, faster.
        written = epoch == last or epoch in args.keep
        tensors = folded(average)
        plain = {k: v.float() for k, v in tensors.items()}
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=args.precision == 'bfloat16' and not written):
            top1, top5 = accuracy(lambda x: run_plain(nodes, plain, x), val_images, val_labels)
        if written:
            file = args.net + (f'-epoch{epoch:02d}' if epoch < last else '') + '.safetensors'
            write_safetensors(os.path.join(args.out, file), tensors,
                              dict(format='pt', network=args.net, epoch=epoch, seed=args.seed, top1=f'{top1:.2f}',
                                   top5=f'{top5:.2f}', data=os.path.basename(os.path.normpath(args.data))))
        seconds = time.time() - start
        log.append([epoch, size, f'{loss_mean:.4f}', f'{top1:.2f}', f'{top5:.2f}', f'{seconds:.1f}'])
        rows = [['epoch', 'size', 'loss', 'top1', 'top5', 'seconds'], *log]
        write_whole(os.path.join(args.state, args.net + '.csv'), ''.join(','.join(map(str, r)) + '\n' for r in rows).encode())
        buffer = io.BytesIO()
        torch.save(dict(settings=settings, epoch=epoch, net=net.state_dict(), optimizer=optimizer.state_dict(), average=average,
                        rng=torch.get_rng_state(), log=log), buffer)
        write_whole(state_path, buffer.getvalue())
        print(f'epoch {epoch} loss {loss_mean:.3f} top1 {top1:.2f} top5 {top5:.2f} {seconds:.0f} s (views {looking:.0f})',
              flush=True)


def test_written(tensors, network, args):
    """Written tensors in float32, as the C program runs them. -> top-1, top-5 in percent; and which units no validation
    image ever moves, in words"""
    sets, classes, _ = load_images(args)
    nodes, _, _ = network_nodes(network, len(classes))
    plain, strongest = {k: v.float() for k, v in tensors.items()}, {}

    def seen(name, x):
        if name[:4] in ('relu', 'silu', 'gelu'):
            most = x.transpose(0, 1).flatten(1).amax(1)
            strongest[name] = torch.maximum(strongest.get(name, most), most)

    top1, top5 = accuracy(lambda x: run_plain(nodes, plain, x, seen), *sets['val'])
    dead = ', '.join(f'{k} {(v <= 0).sum().item()} of {len(v)}' for k, v in strongest.items())
    return top1, top5, f'top1 {top1:.2f} top5 {top5:.2f} of {len(sets["val"][0])} validation images; dead units: {dead}'


def evaluate(args):
    tensors, metadata = read_safetensors(args.evaluate)
    print(f'{args.evaluate}: {test_written(tensors, metadata["network"], args)[2]}')


def mean(args):
    """The ends of several cycles from one beginning lie in one valley: their mean is better than each of them."""
    read = [read_safetensors(path) for path in args.mean]
    metadata = read[0][1]
    if len({m['network'] for _, m in read}) > 1:
        sys.exit('--mean: files of different networks')
    tensors = {k: torch.stack([t[k].float() for t, _ in read]).mean(0).half() for k in read[0][0]}
    top1, top5, words = test_written(tensors, metadata['network'], args)
    path = os.path.join(args.out, metadata['network'] + '.safetensors')
    write_safetensors(path, tensors, dict(metadata, epoch=max(int(m['epoch']) for _, m in read), top1=f'{top1:.2f}',
                                          top5=f'{top5:.2f}', mean_of=len(read)))
    print(f'{path}: {words}')


def work(network, tensors):
    """-> parameters; multiplications of one pass"""
    nodes, _, _ = network_nodes(network, len(tensors['fc8.bias']))
    products = {}

    def seen(name, x):
        if f'{name}.weight' in tensors:
            products[name] = tensors[f'{name}.weight'].numel() * x[0, 0].numel()

    run_plain(nodes, {k: v.float() for k, v in tensors.items()}, torch.zeros(1, 3, SIZE, SIZE), seen)
    return sum(t.numel() for t in tensors.values()), sum(products.values())


def table(args):
    rows = []
    for path in glob.glob(os.path.join(args.table, '*.safetensors')):
        tensors, m = read_safetensors(path)
        rows.append((m['network'], int(m['epoch']), os.path.basename(path), *work(m['network'], tensors), m['top1'], m['top5']))
    print('| file | epoch | parameters | multiplications | top-1 % | top-5 % |\n|---|---:|---:|---:|---:|---:|')
    for _, epoch, file, parameters, products, top1, top5 in sorted(rows, key=lambda r: (r[0] != 'zfnet64', *r)):
        print(f'| `{file}` | {epoch} | {parameters / 1e6:.2f} M | {products / 1e6:.1f} M | {top1} | {top5} |')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--net', default='zfnet64', choices=[*BASES, *(f'{b}-{v}' for b in BASES for v in VARIANTS)],
                   metavar='NET', help=f"{' or '.join(BASES)}, or a variant: zfnet64-{', -'.join(VARIANTS)}")
    p.add_argument('--activation', choices=[a.lower() for a in ACTIVATIONS], default='relu')
    p.add_argument('--data', help='zip or folder: train/CLASS/IMAGE and val/CLASS/IMAGE, or CLASS/IMAGE')
    p.add_argument('--val-part', type=float, default=.2, help='of CLASS/IMAGE: the part of each class that is tested on (0.2)')
    p.add_argument('--split', type=int, default=1, help='seed of the chance which those are')
    p.add_argument('--out', default='build/train', help='where networks and weights go')
    p.add_argument('--state', help='where training is remembered after each epoch, and logged (--out)')
    p.add_argument('--epochs', type=int, default=64)
    p.add_argument('--cycle', type=int, default=0, help='epochs of a second cycle after these')
    p.add_argument('--cycle-seed', type=int, default=0, help='of the second cycle; 0: go on with the numbers of the first')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--threads', type=int, default=2, help='at most so many; fewer while other programs are busy')
    p.add_argument('--limit', type=int, default=0, help='use so many training and validation images only')
    p.add_argument('--batch', type=int, default=128)
    p.add_argument('--rate', type=float, default=.08, help='highest learning rate')
    p.add_argument('--decay', type=float, default=5e-4, help='weight decay')
    p.add_argument('--dropout', type=float, default=.25)
    p.add_argument('--precision', choices=('auto', 'bfloat16', 'float32'), default='auto',
                   help='of the products in training (auto: the faster one)')
    p.add_argument('--keep', metavar='1,2,5', help='epochs whose weights are kept, beside the last')
    p.add_argument('--average', type=float, default=.998, help='decay of the moving average of the weights, a step')
    p.add_argument('--small', type=float, default=.75, help=f'part of the epochs that see views of {SMALL} pixels, not {SIZE}')
    p.add_argument('--verbose', action='store_true', help='a line every 20 steps')
    p.add_argument('--evaluate', metavar='FILE')
    p.add_argument('--mean', metavar='FILE', nargs='+')
    p.add_argument('--table', metavar='FOLDER')
    args = p.parse_args()
    if args.activation != 'relu':
        args.net += '-' + args.activation
    try:
        args.keep = KEPT.get(args.net.replace('-' + args.activation, ''), ()) if args.keep is None else {int(e) for e in args.keep.split(',') if e}
    except ValueError:
        p.error(f'--keep {args.keep}: epochs with commas between them, such as 1,2,5')
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)                                               # fading momentum would cost time
    if args.table:
        return table(args)
    if not args.data:
        p.error('--data ZIP or FOLDER is needed')
    if not 0 < args.val_part < 1:
        p.error(f'--val-part {args.val_part:g}: between 0 and 1')
    args.state = args.state or args.out
    return evaluate(args) if args.evaluate else mean(args) if args.mean else train(args)


if __name__ == '__main__':
    main()
