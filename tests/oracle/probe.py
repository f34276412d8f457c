#!/usr/bin/python3
"""probe.py PROGRAM FOLDER - what `deconvviz probe` says of the photographs of a folder of class folders, against scikit-learn.

Features of two layers are written for at most 20 classes; then classifiers are trained on one split, with C as it is, by
scikit-learn's own minimiser where it has one (LogisticRegression by Newton's method in float64; the squared hinge by SciPy's
L-BFGS), not by liblinear. The program's split is found again by its documented order: splitmix64, a stream for each class.
Fails unless the accuracies are the same to one image of the test set.
"""
import json
import os
import sys
import tempfile

import numpy as np
from scipy.optimize import minimize

from program import Program

CLASSES, TRAIN, SEED, C = 20, 15, 1, 1.0
MASK = (1 << 64) - 1


def random_at(seed, i):
    z = (seed + (i + 1) * 0x9E3779B97F4A7C15) & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31
