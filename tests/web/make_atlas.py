#!/usr/bin/python3
"""make_atlas.py SITE DIR [UNITS] - writes an atlas of a network that never was, for the tests of the page: the pictures
are Gabor functions and gradients, the numbers come from a seeded generator, and several names are as bad as names can
be. With UNITS, one layer of so many units, and no other, for the bench."""
import base64
import functools
import io
import json
import math
import os
import shutil
import sys
from random import Random

import numpy as np
from PIL import Image

random = np.random.default_rng(16)
dice = Random(16)  # for single numbers, for which NumPy is slow
HOSTILE = {
    'script': '<script>document.title="broken"</script>',
    'markup': '"><img src=x onerror="document.title=\'broken\'">',
    'quotes': 'it\'s "quoted" `back` $(HOME) \\ & %',
    'newline': 'two\nlines\tand a tab',
    'chinese': '\u6df1\u5ea6\u5377\u79ef\u795e\u7ecf\u7f51\u7edc' * 25,
    'right': '\u0634\u0628\u0643\u0629 \u05e2\u05e6\u05d1\u05d9\u05ea 12',
    'override': 'harmless\u202egpj.exe',
    'separator': 'a\u2028b\u200bc',
    'path': '../../../etc/passwd',
    'hash': 'a/b?c=d#e%20f',
}
RULES = ['deconvnet', 'guided', 'gradient']
COLUMNS = [
    dict(key='max', title='Strongest response', kind='number', group='Activity',
         about='The greatest value over all images.'),
    dict(key='mean', title='Mean response', kind='number', group='Activity', about='Over all images and positions.'),
    dict(key='active_images', title='Active images', kind='share', group='Activity',
         about='Images that have a value above zero.'),
    dict(key='active_positions', title='Active positions', kind='share', group='Activity', about='Values above zero.'),
    dict(key='class_selectivity', title='Class selectivity', kind='number', group='Selectivity',
         about='How far the mean of the class it responds to most lies above that of all others.',
         source='Morcos et al. 2018'),
    dict(key='best_class', title='Class it prefers', kind='class', group='Selectivity',
         about='The class with the greatest mean.'),
    dict(key='colour', title='Colour selectivity', kind='number', group='Form',
         about='How much it loses without colour.', source='Rafegas & Vanrell 2018'),
    dict(key='orientation', title='Orientation', kind='angle', group='Form',
         about='Of the strongest wave in its projections.'),
    dict(key='frequency', title='Frequency', kind='number', group='Form', about='Cycles a pixel of that wave.'),
]


def write(folder, name, value):
    with open(os.path.join(folder, 'data', name + '.js'), 'w', encoding='utf-8') as f:
        f.write('atlas(' + json.dumps(value, ensure_ascii=False, separators=(',', ':'), allow_nan=False) + ');\n')


def digits(x, n=4):
    return float(f'{x:.{n}g}')


def column(values, is_class=False):
    """Numbers, NaN or a negative class for none -> (column without its data, data)."""
    values = np.asarray(values, dtype=float)
    if is_class:
        q = np.where(values < 0, 65535, values)
        lo, hi = 0, int(values.max(initial=0))
    else:
        known = values[~np.isnan(values)]
        lo, hi = (digits(known.min(), 7), digits(known.max(), 7)) if len(known) else (0, 1)
        q = np.where(np.isnan(values), 65535, np.round((values - lo) / max(hi - lo, 1e-30) * 65534).clip(0, 65534))
    return dict(lo=lo, hi=hi), base64.b64encode(q.astype('<u2').tobytes()).decode()


def gabors(n, side):
    """(n, side, side, 3) projections: waves in a window, about middle grey."""
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    made = []
    for _ in range(n):
        angle, waves, phase = random.uniform(0, math.pi), random.uniform(1.5, 6), random.uniform(0, 6.3)
        colour = random.normal(1, 0.45, 3)
        window = np.exp(-(x * x + y * y) / (2 * random.uniform(0.12, 0.26) ** 2))
        wave = np.cos(2 * math.pi * waves * (x * math.cos(angle) + y * math.sin(angle)) + phase)
        made.append(128 + 110 * (window * wave)[..., None] * colour)
    return np.clip(np.stack(made), 0, 255).astype(np.uint8)


def photograph(w, h):
    """A sky, a ground, and some things before them."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    a, b, c = random.uniform(40, 230, (3, 3))
    rise = (y / h)[..., None]
    picture = a * (1 - rise) + b * rise
    for _ in range(6):
        cx, cy, r = random.uniform(0, w), random.uniform(0, h), random.uniform(0.08, 0.3) * h
        inside = ((x - cx) ** 2 + (y - cy) ** 2 < r * r)[..., None]
        shade = np.cos((x - cx + y - cy) / r * random.uniform(1, 6))[..., None] * 30
        picture = np.where(inside, c * random.uniform(0.4, 1.2) + shade, picture)
    return np.clip(picture, 0, 255).astype(np.uint8)


@functools.cache
def cells_of(side):
    return gabors(64, side), np.stack([photograph(side, side) for _ in range(32)])


def tile(cells, across):
    side = cells.shape[1]
    down = -(-len(cells) // across)
    sheet = np.full((down * side, across * side, 3), 128, np.uint8)
    for i, cell in enumerate(cells):
        r, c = divmod(i, across)
        sheet[r * side:(r + 1) * side, c * side:(c + 1) * side] = cell
    return Image.fromarray(sheet)


def jpeg(picture):
    out = io.BytesIO()
    picture.save(out, 'JPEG', quality=80, subsampling=0)
    return out.getvalue()


@functools.cache
def photo(_):
    return jpeg(Image.fromarray(photograph(256, 192)))


def save(data, *path):
    with open(os.path.join(*path), 'wb') as f:
        f.write(data)


def hits(n_images, n, place, best, rules):
    made = dict(value=sorted((digits(best * dice.uniform(0.5, 1)) for _ in range(n)), reverse=True),
                image=dice.sample(range(n_images), n), y=[dice.randrange(max(1, place['map'])) for _ in range(n)],
                x=[dice.randrange(max(1, place['map'])) for _ in range(n)], box=[],
                scale={r: [digits(dice.uniform(0.2, 1)) if r == RULES[0] or j < 3 else None for j in range(n)]
                       for r in rules})
    for j in range(n):
        x0, y0 = dice.randint(-20, 180), dice.randint(-20, 180)
        made['box'].append([x0, y0, x0 + place['field'], y0 + place['field']])
    return made


def make_layer(folder, k, layer, plan, n_images, n_classes, layers):
    n, cell, per, across = layer['units'], 64, 16, 4
    dead = random.random(n) < plan['dead']
    dead[0] = False
    live = np.where(dead, np.nan, 1)
    values = dict(max=digits_of(random.lognormal(1, 0.7, n) * live), mean=digits_of(random.lognormal(-2, 1, n) * live),
                  active_images=random.random(n) * live, active_positions=random.random(n) ** 3 * live,
                  class_selectivity=random.random(n) * live, colour=random.random(n) ** 2 * live,
                  orientation=random.uniform(0, 180, n) * live, frequency=random.uniform(0.01, 0.5, n) * live)
    best = np.where(dead, -1, random.integers(0, n_classes, n)) if n_classes else None
    columns = {}
    for about in COLUMNS:
        key = about['key']
        if key == 'best_class' and best is None:
            continue
        head, data = column(best if key == 'best_class' else values[key], key == 'best_class')
        columns[key] = dict(head, data=data) if n <= 1024 else head
        if n > 1024:
            write(folder, f'layer-{k}-{key}', data)
    layer['dead'] = int(dead.sum())
    layer['best'] = int(np.nanargmax(values['max']))
    side = 16 if n > 1024 else 48
    rows = ['patch'] + RULES + ['sample', 'sample-deconvnet'][:1 if layer['id'] == '1' else 2]
    write(folder, f'layer-{k}', dict(
        channels=plan.get('channels'), dead=base64.b64encode(np.packbits(dead, bitorder='little').tobytes()).decode(),
        names=plan.get('names'), columns=columns, grid=dict(cell=cell, across=across, per=per, ext='jpg', patches=True),
        sheet=dict(cell=side, per=1, ext='jpg', pixelated=side < 48, rows=rows)))

    units = []
    for i in range(n):
        if dead[i]:
            units.append(dict(stats=dict(max=0, mean=0, active_images=0, active_positions=0), histogram=[],
                              hits=hits(n_images, 0, plan, 0, RULES), samples=None, classes=None, classed=0,
                              inputs=None, outputs=None, twins=None))
            continue
        stats = {key: digits(v[i], 6) for key, v in values.items()}
        if best is not None:
            stats['best_class'] = int(best[i])
        samples = hits(n_images, 9, plan, values['max'][i], ['deconvnet'])
        samples['quantile'] = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.25, 0.1]
        beside = [j for j in layer['from'] if j >= 0]
        after = [j for j, other in enumerate(layers) if k in other['from']]

        def reads(places):
            found = [[p, dice.randrange(layers[p]['units']), digits(w), digits(dice.gauss(0, 1))]
                     for p in places for w in sorted((dice.random() for _ in range(6)), reverse=True)]
            return found[:12] or None
        units.append(dict(
            stats=stats, histogram=[dice.randint(-6, -1), 3, 9, 26, 65, 121, 177, 196, 168, 90, 41, 12, 2],
            hits=hits(n_images, 9, plan, values['max'][i], RULES), samples=samples,
            classes=[list(pair) for pair in zip(dice.sample(range(n_classes), 5), [31, 18, 11, 6, 2])], classed=100,
            inputs=reads(beside) or [[-1, c, digits(dice.random()), digits(dice.gauss(0, 1))] for c in range(3)],
            outputs=reads(after),
            twins=[[dice.randrange(n), c, digits(dice.random())] for c in (0.91, 0.8, 0.55, 0.31, 0.2, 0.07)]))
    for j in range(0, n, 32):
        write(folder, f'layer-{k}-units-{j // 32}', units[j:j + 32])

    waves, patches = cells_of(cell)
    os.makedirs(os.path.join(folder, f'pictures/layer-{k}'))

    # A few are drawn, and stand for all.
    def grids(cells):
        return [jpeg(tile(cells[random.integers(0, len(cells), per)], across)) for _ in range(8)]
    for name, drawn in ('grid', grids(waves)), ('patches', grids(patches)):
        for j in range(n // per):
            save(drawn[j % 8], folder, f'pictures/layer-{k}/{name}-{j}.jpg')
        if n % per:
            cells = waves if name == 'grid' else patches
            save(jpeg(tile(cells[:n % per], across)), folder, f'pictures/layer-{k}/{name}-{n // per}.jpg')
    small = np.stack([np.asarray(Image.fromarray(p).resize((side, side))) for p in np.concatenate([waves, patches])])
    drawn = []
    for _ in range(8):
        order = [random.integers(0, 32, 9) + 64 if row in ('patch', 'sample') else random.integers(0, 64, 9)
                 for row in rows]
        drawn.append(jpeg(tile(small[np.concatenate(order)], 9)))
    for i in range(n):
        if not dead[i]:
            save(drawn[i % 8], folder, f'pictures/layer-{k}/units-{i}.jpg')
    return best, values['class_selectivity'], units


def digits_of(values):
    return np.array([v if np.isnan(v) else digits(v, 6) for v in values])


def make_atlas(folder, many, title, most=99):
    os.makedirs(os.path.join(folder, 'data'))
    classes = ['tench', 'car wheel', 'Pomeranian'] + list(HOSTILE.values())
    images = [f'photographs/n{i:05d}_{classes[i % 3].replace(" ", "_")}.jpg' for i in range(30)]
    images += [f'photographs/{text}.jpg' for text in HOSTILE.values()] + ['-rf.jpg', 'photographs/bad\ufffdbyte.jpg']

    def layer(ident, name, op, channels, size, field, start, detail=''):
        return dict(id=ident, name=name, tensor=f'{name}_out', op=op, detail=detail,
                    shape=[1, channels, size, size] if size else [1, channels],
                    field=[field, field], stride=[2, 2], units=channels, dead=0, best=None, **{'from': start})
    if many:
        layers, plans = [layer('1', 'conv1', 'Conv', many, 28, 99, [-1])], [dict(dead=0.02, map=28, field=99)]
    else:
        layers = [layer('1', 'conv1', 'Conv', 64, 111, 7, [-1], '7 x 7, stride 2'),
                  layer('2', 'fire2.squeeze', 'Conv', 16, 55, 15, [0], '1 x 1'),
                  layer('3', 'fire2.expand1x1', 'Conv', 48, 55, 15, [1], '1 x 1'),
                  layer('4', 'fire2.expand3x3', 'Conv', 48, 55, 31, [1], '3 x 3'),
                  layer(HOSTILE['script'], HOSTILE['markup'], 'Conv', 40, 27, 63, [2, 3]),
                  layer(HOSTILE['hash'], HOSTILE['chinese'], 'Conv', 33, 27, 99, [4, 0]),
                  layer('7', HOSTILE['newline'], 'Conv', 1100, 13, 131, [5], '3 x 3'),
                  layer('8', 'classifier', 'Gemm', len(classes), 0, 224, [6])]
        plans = [dict(dead=d, map=w, field=f) for d, w, f in
                 [(0, 111, 7), (0, 55, 15), (0.1, 55, 15), (0.05, 55, 31), (0.3, 27, 63), (0, 27, 99), (0.02, 13, 131),
                  (0, 0, 300)]]
        plans[5]['channels'] = list(range(1, 66, 2))
        layers[5]['shape'][1] = 66
        plans[7]['names'] = classes
    layers, plans = layers[:most], plans[:most]
    by_class = [[] for _ in classes]
    by_image = [[] for _ in images]
    for k, (one, plan) in enumerate(zip(layers, plans)):
        best, score, units = make_layer(folder, k, one, plan, len(images), len(classes), layers)
        for c in range(len(classes)):
            mine = sorted((i for i in range(one['units']) if best[i] == c), key=lambda i: -score[i])[:48]
            if mine:
                by_class[c].append([k, mine, [digits(score[i]) for i in mine]])
        for i, unit in enumerate(units):
            for place, image in enumerate(unit['hits']['image']):
                by_image[image].append([k, i, place])
    write(folder, 'classes', dict(names=classes))
    write(folder, 'images', dict(names=images, numbers=[3 * i for i in range(len(images))]))
    label = [i % 3 if i < 30 else min(i - 27, len(classes) - 1) for i in range(len(images))]
    write(folder, 'classes-0', [dict(images=label.count(c), units=u,
                                     shown=[i for i, l in enumerate(label) if l == c][:24])
                                for c, u in enumerate(by_class)])
    write(folder, 'images-0', [dict(w=256, h=192, photo=i != 5, **{'class': label[i]}, hits=h[:120],
                                    more=max(0, len(h) - 120))
                               for i, h in enumerate(by_image)])
    os.makedirs(os.path.join(folder, 'photos/0'))
    for i in range(len(images)):
        if i != 5:
            save(photo(i), folder, f'photos/0/{i}.jpg')
    write(folder, 'front', dict(
        format='deconvviz atlas', version=1, program='0.0.0', title=title, model=dict(path='net.onnx', sha256='0' * 64),
        input=[1, 3, 224, 224], facts=[['Images', f'{len(images)} read, 0 skipped'],
                                       ['Preprocessing', 'imagenet, 224 x 224'], ['Labels', HOSTILE['right']]],
        commands=dict(projection='deconvviz -m net.onnx -l {layer} -c {unit} -p {y},{x} --rule {rule} {image}',
                      point='deconvviz -m net.onnx -l {layer} -c {unit} --rule {rule} {image}',
                      atlas='deconvviz atlas net.dvi -o atlas',
                      mine='deconvviz mine -m net.onnx -o net.dvi photographs'),
        rules=RULES, n_images=len(images), n_classes=len(classes), columns=COLUMNS, layers=layers,
        **({} if many else dict(against=True))))
    return layers


def main():
    site, folder = sys.argv[1:3]
    many = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    shutil.rmtree(folder, ignore_errors=True)
    layers = make_atlas(folder, many, 'wide' if many else 'made-up')
    for file in os.listdir(site):
        if not file.endswith('.md'):
            shutil.copy(os.path.join(site, file), folder)
    if many:
        return
    # The other atlas: the same network, whose units have other numbers.
    make_atlas(os.path.join(folder, 'against'), many, 'made-up, later', 5)
    pairs = []
    for k, layer in enumerate(layers[:5]):
        n = layer['units']
        pair = dict(layer=k, other=k, by='number' if k % 2 else 'responses')
        matches = np.where(random.random(n) < 0.1, -1, random.permutation(n))
        for key, values in ('match', matches), ('change', random.random(n)):
            head, data = column(values, key == 'match')
            pair[key] = dict(head, data=data)
        pairs.append(pair)
    write(folder, 'against', dict(title='made-up, later', own='made-up, sooner', layers=pairs,
                                  facts=[['Images', 'the same 42'], ['Change', '1 - cosine of responses']]))


main()
