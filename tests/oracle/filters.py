#!/usr/bin/python3
"""filters.py PROGRAM MODEL.safetensors TENSOR STRIDE [-m MODEL.onnx] - what `deconvviz filters` says of a first layer, against
NumPy: each filter's shares of energy by np.fft, its peak, the direction of its bars, its colour, and what is most like it.

The weights are read from the safetensors file; the program reads that or, with -m, an ONNX file of the same weights. Prints
the largest difference of each number; fails when one exceeds 1e-5 (angles: 1e-3 degrees; bandwidths, which are read off a
line between two samples: 0.05 octaves).
"""
import argparse
import json
import struct
import sys

import numpy as np

from program import Program

SIDE = 64  # of a spectrum
DEAD = 0.25  # of the median RMS


def read_tensor(path, name):
    with open(path, 'rb') as f:
        size, = struct.unpack('<Q', f.read(8))
        entry = json.loads(f.read(size))[name]
        first, last = entry['data_offsets']
        f.seek(8 + size + first)
        kind = {'F16': np.float16, 'F32': np.float32}[entry['dtype']]
        return np.frombuffer(f.read(last - first), kind).reshape(entry['shape']).astype(np.float64)


def bandwidth(w, peak):
    """Octaves between half the power, on the ray through the peak, sampled finely; NaN where a side has no such place."""
    f = np.hypot(*peak)
    if f == 0:
        return np.nan
    v, u = peak / f
    at = np.arange(0, 0.5 / max(abs(u), abs(v)), 1 / 2048)
    y, x = np.mgrid[:w.shape[1], :w.shape[2]]
    waves = np.exp(-2j * np.pi * at[:, None] * (u * x + v * y).ravel())
    power = (np.abs(waves @ w.reshape(len(w), -1).T) ** 2).sum(1)
    top = (np.abs(np.exp(-2j * np.pi * f * (u * x + v * y)).ravel() @ w.reshape(len(w), -1).T) ** 2).sum()
    low = at[(at < f) & (at > 0) & (power <= top / 2)]
    high = at[(at > f) & (power <= top / 2)]
    return np.log2(high[0] / low[-1]) if len(low) and len(high) else np.nan


def hue(w):
    """The main axis of the taps' colours in the plane across grey, towards its stronger end."""
    r, g, b = w.reshape(3, -1)
    taps = np.stack([r - (g + b) / 2, np.sqrt(3) / 2 * (g - b)])
    axis = np.linalg.eigh(taps @ taps.T)[1][:, 1]
    along = axis @ taps
    axis = axis * np.sign((along * np.abs(along)).sum())
    return np.degrees(np.arctan2(axis[1], axis[0])) % 360


def measure(w, stride):
    """What is known of each filter by itself. w: (n, channels, height, width)."""
    n, channels, height, width = w.shape
    energy = (w ** 2).sum((1, 2, 3))
    mean = w.mean((2, 3), keepdims=True)
    frequency = np.fft.fftfreq(SIDE)
    fy, fx = frequency[:, None], frequency[None, :]
    radius = np.hypot(fy, fx)
    detail = (np.abs(np.fft.fft2(w - mean, s=(SIDE, SIDE))) ** 2).sum(1) / SIDE ** 2 / energy[:, None, None]
    power = (np.abs(np.fft.fft2(w, s=(SIDE, SIDE))) ** 2).sum(1) / SIDE ** 2 / energy[:, None, None]
    beyond = (np.abs(fy) > 0.5 / stride) | (np.abs(fx) > 0.5 / stride)
    photo = power / np.maximum(radius, 1 / SIDE) ** 2
    angles = np.exp(2j * np.arctan2(fy, fx))
    angles[0, 0] = 0
    turn = (detail * angles).sum((1, 2))
    peaks = [np.unravel_index(p.argmax(), p.shape) for p in power]
    peaks = np.array([(frequency[a], frequency[b]) for a, b in peaks])
    flat = w.reshape(n, -1)
    cosine = flat @ flat.T / np.sqrt(np.outer(energy, energy))
    np.fill_diagonal(cosine, 0)
    dead = energy < DEAD ** 2 * np.median(np.sqrt(energy)) ** 2  # is like none
    cosine[:, dead] = 0
    nearest = np.abs(cosine).argmax(1)
    told = {
        'rms': np.sqrt(energy / flat.shape[1]),
        'mean': (mean ** 2).sum((1, 2, 3)) * height * width / energy,
        'low': detail[:, radius < 1 / 6].sum(1),
        'mid': detail[:, (radius >= 1 / 6) & (radius < 1 / 3)].sum(1),
        'high': detail[:, radius >= 1 / 3].sum(1),
        'above': power[:, beyond].sum(1),
        'above_photo': photo[:, beyond].sum(1) / photo.sum((1, 2)),
        'frequency': np.hypot(*peaks.T),
        'bandwidth': np.array([bandwidth(f, p) for f, p in zip(w, peaks)]),
        'orientation': (90 - np.degrees(np.angle(turn)) / 2) % 180,
        'selectivity': np.abs(turn) / detail.sum((1, 2)),
        'cosine': np.where(dead, np.nan, cosine[np.arange(n), nearest]),
    }
    if channels == 3:
        told['chromatic'] = 1 - (w.sum(1) ** 2).sum((1, 2)) / 3 / energy
        told['hue'] = np.array([hue(f) for f in w])
    return told


def difference(name, said, known):
    """The largest, where both know; they must know together. Angles go round."""
    said = np.array([np.nan if v is None else v for v in said])
    if (np.isnan(said) != np.isnan(known)).any() and name != 'bandwidth':
        return np.inf
    off = np.abs(said - known)
    whole = {'orientation': 180, 'hue': 360}.get(name)
    if whole:
        off = np.minimum(off, whole - off)
    off = off[~np.isnan(off)]
    return off.max() if len(off) else 0.0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('weights')
    parser.add_argument('tensor')
    parser.add_argument('stride', type=int)
    parser.add_argument('-m', '--model')
    o = parser.parse_args()
    program = Program(o.program)
    model = o.model or o.weights
    said = [json.loads(line) for line in program.run('filters', '-q', '--no-figure', '--json', model).splitlines()]
    known = measure(read_tensor(o.weights, o.tensor), o.stride)
    limits = {'orientation': 1e-3, 'hue': 1e-3, 'bandwidth': 0.05}
    wrong = [name for name in known
             if not difference(name, [f[name] for f in said], known[name]) <= limits.get(name, 1e-5)]
    words = ', '.join(f'{name} {difference(name, [f[name] for f in said], known[name]):.1e}' for name in known)
    print(f'{model}: {len(said)} filters, differences from NumPy: {words}')
    for name in wrong:
        print(f'{model}: {name} differs', file=sys.stderr)
    sys.exit(1 if wrong or len(said) != len(known['rms']) else 0)


if __name__ == '__main__':
    main()
