"""deconvviz as a function: runs the program and reads what it wrote."""
import json
import os
import subprocess
import tempfile

import numpy as np


class Failed(Exception):
    """The program said no; the message is its last line."""


class Program:
    def __init__(self, path, more=()):
        self.path, self.more = path, list(more)

    def run(self, *words):
        done = subprocess.run([self.path, *map(str, words), *self.more], capture_output=True, text=True)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f'status {done.returncode}']
            raise Failed(f'{said[-1]} (status {done.returncode})')
        return done.stdout

    def forward(self, model, x, tensor=None):
        """The activations of a tensor, or of the output. x: path of an .npy."""
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'y.npy')
            self.run('forward', '-m', model, *(['-l', tensor] if tensor else []), '--input', x, '--npy', out)
            return np.load(out)

    def project(self, model, x, tensor, channels, rule, position='max'):
        """[(what the JSON line says, projection (C,H,W))] for each channel. x: path of an .npy."""
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'r.npy') if len(channels) == 1 else folder
            text = self.run('project', '-m', model, '-l', tensor, '-c', ','.join(map(str, channels)), '-p', position,
                            '--rule', rule, '--input', x, '--npy', out, '--no-png', '--json')
            said = [json.loads(line) for line in text.splitlines()]
            if len(said) != len(channels):
                raise Failed(f'{len(said)} units out of {len(channels)}')
            return [(s, np.load(os.path.join(os.getcwd(), s['npy']))) for s in said]

    def prepare(self, model, image, out):
        self.run('prepare', '-m', model, image, '--npy', out)
        return np.load(out)
