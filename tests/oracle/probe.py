#!/usr/bin/python3
"""probe.py PROGRAM DATA.zip - what `deconvviz probe` says of photographs in class folders, against scikit-learn and SciPy.

Features of two layers are written for the first 20 classes of the archive. Of one split, drawn here again by the order that
the program documents (splitmix64, Fisher and Yates, a stream for each class), classifiers are trained by scikit-learn and, to
convergence in float64, by SciPy's L-BFGS on the objective itself. Accuracies must be those of SciPy's to the image, and of
scikit-learn's to two. Then the same photographs as a set in Pascal VOC's layout, a photograph being of two classes and some
difficult: average precisions by both rules within 0.005 of those computed here from SciPy's scores (of a class with some
twenty images, two neighbours in the ranking that change places move it by 0.002), their means within 0.0005.
"""
import json
import os
import sys
import tempfile
import zipfile

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from program import Program

CLASSES, TRAIN, SEED, C = 20, 15, 7, 1.0
MASK = (1 << 64) - 1


def random_at(seed, i):
    x = ((seed + 1) * 0xd1342543de82ef95 + i * 0x9e3779b97f4a7c15) & MASK
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def shuffled(values, seed):
    values, at = list(values), 0
    for i in range(len(values) - 1, 0, -1):
        spare = (2 ** 32 - i - 1) % (i + 1)
        while True:
            product = (random_at(seed, at) >> 32) * (i + 1)
            at += 1
            if product % 2 ** 32 >= spare:
                break
        k = product >> 32
        values[i], values[k] = values[k], values[i]
    return values


def split(y):
    """Rows to train and to test on: those of the first split."""
    train, test = [], []
    for c in range(CLASSES):
        order = shuffled(np.flatnonzero(y == c), random_at(SEED, c))
        train += order[:TRAIN]
        test += order[TRAIN:]
    return np.array(train), np.array(test)


def scaled(x, train):
    mean, deviation = x[train].mean(0), x[train].std(0)
    alive = deviation > 1e-9 * np.abs(mean)
    z = np.where(alive, (x - mean) / np.where(alive, deviation, 1), 0) / np.sqrt(x.shape[1])
    return np.hstack([z, np.ones((len(z), 1))])  # the bias is regularised like the others


def weights(z, sign, kind):
    """The minimum of the objective of one class against the rest; rows whose sign is 0 are left out."""
    z, sign = z[sign != 0], sign[sign != 0]

    def objective(w):
        m = sign * (z @ w)
        if kind == 'svm':
            slack = np.maximum(0, 1 - m)
            return w @ w / 2 + C * slack @ slack, w - 2 * C * z.T @ (sign * slack)
        return w @ w / 2 + C * np.logaddexp(0, -m).sum(), w - C * z.T @ (sign * expit(-m))

    return minimize(objective, np.zeros(z.shape[1]), jac=True, method='L-BFGS-B',
                    options={'maxiter': 10000, 'maxfun': 20000, 'ftol': 1e-15, 'gtol': 1e-8}).x


def scores(z, train, signs, kind):
    return np.stack([z @ weights(z[train], s, kind) for s in signs], 1)


def average_precision(score, sign):
    """The area under the interpolated curve, and the mean of that at eleven recalls."""
    keep = sign != 0
    hit = sign[keep][np.argsort(-score[keep], kind='stable')] > 0
    recall = np.cumsum(hit) / hit.sum()
    precision = np.maximum.accumulate((np.cumsum(hit) / np.arange(1, len(hit) + 1))[::-1])[::-1]
    eleven = np.mean([precision[recall >= t - 1e-12].max() for t in np.arange(11) / 10])
    return precision[hit].mean(), eleven


def check_accuracy(program, features, kind, x, y, about):
    said = [json.loads(line) for line in
            program.run('probe', '-q', '--no-figure', '--json', '--train', TRAIN, '--splits', 1, '--seed', SEED, '--c', C,
                        '--classifier', kind, features).splitlines()]
    train, test = split(y)
    good = True
    for layer, line in zip(about['layers'], said):
        z = scaled(x[:, layer['first']:layer['first'] + layer['count']], train)
        signs = [np.where(y[train] == c, 1, -1) for c in range(CLASSES)]
        known = (scores(z, train, signs, kind)[test].argmax(1) == y[test]).sum()
        estimator = LinearSVC(C=C, dual=False, tol=1e-4, fit_intercept=False, max_iter=10000) if kind == 'svm' else \
            OneVsRestClassifier(LogisticRegression(C=C, solver='newton-cg', tol=1e-6, fit_intercept=False, max_iter=1000))
        sklearn = (estimator.fit(z[train], y[train]).predict(z[test]) == y[test]).sum()
        right = round(line['overall'] * len(test))
        good = good and line['test'] == len(test) and right == known and abs(right - sklearn) <= 2
        print(f'layer {layer["layer"]}, {kind}: {right} of {len(test)} right; SciPy {known}, scikit-learn {sklearn}')
    return good


def check_voc(program, folder, features, x, y, about):
    """A photograph is of its own class and of the group of five that it is in."""
    names = [f'c{c:02}' for c in range(CLASSES)] + [f'group{g}' for g in range(CLASSES // 5)]
    signs = [np.where(y == c, 1, -1) for c in range(CLASSES)] + [np.where(y // 5 == g, 1, -1) for g in range(CLASSES // 5)]
    rows = np.arange(len(y))
    for s in signs:
        s[rows % 11 == 3] = 0
    train, test = rows[rows % 2 == 0], rows[rows % 2 == 1]
    main = os.path.join(folder, 'voc', 'ImageSets', 'Main')
    os.makedirs(main)
    for name, s in zip(names, signs):
        for which, part in ('train', train), ('val', test):
            with open(os.path.join(main, f'{name}_{which}.txt'), 'w', encoding='ascii') as f:
                f.writelines(f'{i:04} {s[i]:2}\n' for i in part)
    said = {(line['layer'], line['class']): line for line in map(json.loads, program.run(
        'probe', '-q', '--no-figure', '--json', '--voc', os.path.join(folder, 'voc'), '--c', C, features).splitlines())}
    off = [0, 0]  # of a class, of their mean
    for layer in about['layers']:
        z = scaled(x[:, layer['first']:layer['first'] + layer['count']], train)
        score = scores(z, train, [s[train] for s in signs], 'svm')[test]
        known = [average_precision(score[:, k], s[test]) for k, s in enumerate(signs)]
        for name, pair in zip(names + [None], known + [np.mean(known, 0)]):
            line = said[layer['layer'], name]
            off[name is None] = max(off[name is None], abs(line['ap'] - pair[0]), abs(line['ap_11'] - pair[1]))
        print(f'layer {layer["layer"]}: mean AP {line["ap"]:.4f} ({line["ap_11"]:.4f} by 11 points)')
    print(f'largest difference of an average precision: {off[0]:.1e}, of their mean {off[1]:.1e}')
    return off[0] <= 0.005 and off[1] <= 0.0005


def main():
    program = Program(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(sys.argv[2]) as archive:
        files = sorted(n for n in archive.namelist() if n.endswith('.jpg'))
        classes = sorted({n.split('/')[-2] for n in files})[:CLASSES]
        files = [n for n in files if n.split('/')[-2] in classes]
        with open(os.path.join(folder, 'classes.txt'), 'w', encoding='utf-8') as f:
            for i, n in enumerate(files):
                path = os.path.join(folder, f'{i:04}.jpg')
                with open(path, 'wb') as image:
                    image.write(archive.read(n))
                f.write(f'{path}\t{n.split("/")[-2]}\n')
        features = os.path.join(folder, 'f.npy')
        program.run('features', '-q', '-l', '2,6', '--labels-from', os.path.join(folder, 'classes.txt'), '-o', features,
                    *[os.path.join(folder, f'{i:04}.jpg') for i in range(len(files))])
        x = np.load(features).astype(np.float64)
        y = np.array([classes.index(n.split('/')[-2]) for n in files])
        with open(os.path.join(folder, 'f.json'), encoding='utf-8') as f:
            about = json.load(f)
        good = [check_accuracy(program, features, kind, x, y, about) for kind in ('svm', 'logistic')]
        good.append(check_voc(program, folder, features, x, y, about))
    if not all(good):
        print('probe differs from the oracle', file=sys.stderr)
    sys.exit(0 if all(good) else 1)


if __name__ == '__main__':
    main()
