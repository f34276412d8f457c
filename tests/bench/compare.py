#!/usr/bin/python3
"""compare.py BUILD [THREADS|CASE...] - whole networks: deconvviz beside ONNX Runtime and PyTorch, on the same weights.

CASE: only cases whose name contains one of these, as "forward resnet18" or "torch". `others`: all of torchvision's other
classifiers, forward (hours; `others regnet`: some of them).

The contenders run in turns, one image at a time, in processes that live through all rounds. What counts is the ratio ours / peer:
the median of the ratios of the rounds, whose two turns follow each other, so that what slows the machine for a while slows both.
A peer that is not installed is left out, and named. The variables that tame OpenBLAS are unset for every contender alike."""
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, '../../build/bench')
PYTHON = '/usr/bin/python3'
ENV = {k: v for k, v in os.environ.items() if k not in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE')}
ENV['NODE_PATH'] = os.path.join(FOLDER, 'node_modules')
# Seconds before each turn: the threads of the one before spin for a while, on the core that this one needs. A turn is so many
# seconds of passes, of which the last counts: the first ones wake threads and fill caches, and it may take a tenth of a second
# until two threads that woke on one core have been moved apart.
REST, TURN = 0.05, 0.2
# what is asked for: ours of the peer's time with one thread and two, on a core that begins one or two multiplications of 512
# bits in a cycle (AMD up to Zen 4; Intel with AVX-512, AMD from Zen 5 on)
GOALS = {
    'vgg16': {1: (0.36, 0.38), 2: (0.42, 0.44)},
    'resnet18': {1: (0.50, 0.52), 2: (0.60, 0.65)},
    'resnet50': {1: (0.72, 0.75), 2: (0.78, 0.80)},
    'alexnet': {1: (0.56, 0.58), 2: (0.62, 0.66)},
    'zfnet': {1: (0.56, 0.58), 2: (0.62, 0.66)},
    'squeezenet1_1': {1: (0.70, 0.74), 2: (0.74, 0.80)},
    'mobilenet_v2': {1: (0.90, 0.90), 2: (0.90, 0.95)},
    'efficientnet_b0': {1: (0.90, 0.90), 2: (0.90, 0.95)},
    'densenet121': {1: (0.80, 0.85), 2: (0.85, 0.85)},
    'googlenet': {1: (0.80, 0.85), 2: (0.85, 0.85)},
    'inception_v3': {1: (0.80, 0.85), 2: (0.85, 0.85)},
    'convnext_tiny': {1: (0.80, 0.85), 2: (0.85, 0.85)},
}
# the layer, by its number, that the way back begins at
LAYERS = {'vgg16': 13, 'alexnet': 5, 'zfnet': 5}
# what is done, on which network, to which layer, against whom, the ratio that is asked for (None: see GOALS)
CASES = [('forward', n, LAYERS.get(n, 1), 'ort', None) for n in GOALS]
CASES += [('both', n, LAYERS[n], 'torch', 0.28) for n in ('vgg16', 'zfnet', 'alexnet')]
CASES += [('project', 'vgg16', layer, 'torch', goal) for layer, goal in ((4, 0.003), (7, 0.01), (13, 0.13))]
CASES += [('all', 'zfnet', 5, 'torch', 0.10)]
TWO_UNITS = 150  # GFLOP/s: one unit reaches 32 a cycle
LEAST_SECOND_CORE = 1.7  # times one thread's operations: with less the second core is not really there


class Machine:
    """What the bench says of the machine first, and goals depend on."""

    def __init__(self, build):
        said = subprocess.run([os.path.join(build, 'bench/bench_machine')], check=True, stdout=subprocess.PIPE, text=True).stdout
        words = [line.split() for line in said.splitlines()]
        self.gflops = {int(w[1]): float(w[3]) for w in words if w[0] == 'threads'}
        self.gbytes = {int(w[1]): float(w[5]) for w in words if w[0] == 'threads'}
        self.caches = {w[i]: int(w[i + 1]) for w in words if w[0] == 'caches' for i in (1, 3, 5)}
        with open('/proc/cpuinfo', encoding='utf-8') as f:
            self.name = next((line.split(':', 1)[1].strip() for line in f if line.startswith('model name')), 'unknown processor')
        self.units = 1 if self.gflops[1] < TWO_UNITS else 2

    def second_core(self):
        return self.gflops[2] / self.gflops[1]

    def __str__(self):
        caches = ', '.join(f'{name} {size / 1024:.0f} KB' for name, size in self.caches.items() if size > 0)
        return (f'{self.name}: {caches}; multiplying in registers {self.gflops[1]:.0f} GFLOP/s with one thread, '
                f'{self.gflops[2]:.0f} with two; reading memory {self.gbytes[1]:.0f} GB/s, {self.gbytes[2]:.0f}')


def remember(line):
    """A line for each run, and each case, in build/bench/history."""
    with open(os.path.join(FOLDER, 'history'), 'a', encoding='utf-8') as f:
        f.write(line + '\n')


class Contender:
    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENV)

    def ask(self, word):
        self.process.stdin.write(word + '\n')
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def turn(self, word):
        time.sleep(REST)
        start = time.perf_counter()
        ms = self.ask(word)
        while word != 'all':
            ms = self.ask(word)
            if time.perf_counter() - start > TURN:
                break
        return ms

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def export(name, batch=1):
    path = os.path.join(FOLDER, name + (f'-{batch}' if batch > 1 else '') + '.onnx')
    if not os.path.exists(path):
        code = (f'import torch; from networks import make; torch.onnx.export(make({name!r}), torch.zeros({batch}, 3, 224, 224),'
                f' {path + ".new"!r}, opset_version=13)')
        subprocess.run([PYTHON, '-W', 'ignore', '-c', code], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
        os.rename(path + '.new', path)
    return path


def others():
    """Cases of all classifiers that have no goal of their own."""
    code = 'import torchvision.models as m; print(*m.list_models(module=m))'
    names = subprocess.run([PYTHON, '-W', 'ignore', '-c', code], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return [('forward', n, 1, 'ort', 1.0) for n in names if n not in GOALS]


def medians(times, warm):
    """Of two lists of times, without the first `warm` of each, and of their ratios."""
    times = [t[warm:] for t in times]
    return [statistics.median(t) for t in times] + [statistics.median(a / b for a, b in zip(*times))]


def duel(build, word, name, layer, peer, threads):
    """Medians: ours in ms, the peer's, the ratio; and both peaks of memory in KiB (0: unknown)."""
    model = export(name)
    ours = Contender(os.path.join(build, 'bench/bench_net'), model, str(threads), str(layer))
    if peer == 'ort':
        other = Contender('node', os.path.join(HERE, 'peer_ort.js'), model, str(threads))
    else:
        other = Contender(PYTHON, os.path.join(HERE, 'peer_torch.py'), name, str(threads), str(layer))
    times = ([], [])
    rounds = 3 if word == 'all' else 21
    for i in range(rounds + 2):
        for t, contender in zip(times, (ours, other)):
            t.append(contender.turn(word))
    memory = (ours.ask('memory'), other.ask('memory') if peer == 'torch' else 0)
    ours.close()
    other.close()
    return medians(times, 2) + list(memory)


def start_up(build):
    """Medians: seconds of the whole command on the built-in model, and of `import torch`; the ratio."""
    photograph = os.path.join(HERE, '../data/blocks-32x16.jpg')
    commands = ([os.path.join(build, 'deconvviz'), '-q', '-l', '5', '-c', '12', '-o', '/dev/null', photograph],
                [PYTHON, '-c', 'import torch'])
    times = ([], [])
    for i in range(12):
        for t, command in zip(times, commands):
            start = time.perf_counter()
            subprocess.run(command, check=True, env=ENV, stdout=subprocess.DEVNULL)
            t.append(time.perf_counter() - start)
    return medians(times, 1)


def main():
    build = os.path.abspath(sys.argv[1])
    os.makedirs(FOLDER, exist_ok=True)
    have = {'torch': subprocess.run([PYTHON, '-c', 'import torch, torchvision'], stderr=subprocess.DEVNULL).returncode == 0,
            'ort': os.path.isdir(os.path.join(ENV['NODE_PATH'], 'onnxruntime-node')) and shutil.which('node') is not None}
    if not have['torch']:
        sys.exit('bench: PyTorch and torchvision are not installed (scripts/setup oracle): no networks to compare')
    if not have['ort']:
        print('ONNX Runtime is not installed (npm install --ignore-scripts --prefix build/bench onnxruntime-node): left out')
    machine = Machine(build)
    commit = subprocess.run(['git', 'describe', '--always', '--dirty'], cwd=HERE, stdout=subprocess.PIPE, text=True).stdout.strip()
    print(machine)
    remember(f'{time.strftime("%Y-%m-%d %H:%M:%S")} {commit} {machine}')
    counts = [int(t) for t in sys.argv[2:] if t.isdigit()] or [1, 2]
    if machine.second_core() < LEAST_SECOND_CORE and max(counts) > 1:
        print(f'two threads multiply {machine.second_core():.2f} times as fast as one: the second core is not really there, '
              'and rows with two threads are left out')
        counts = [1]
    print(f'{"case":34}{"threads":>8}{"ours ms":>10}{"peer ms":>10}{"ours / peer":>13}{"asked":>8}')
    chosen = [c for c in sys.argv[2:] if not c.isdigit()]
    cases = CASES
    if 'others' in chosen:
        cases = others()
        chosen = [c for c in chosen if c != 'others'] or ['forward']
    for threads in counts:
        for word, name, layer, peer, goal in cases:
            goal = goal or GOALS[name][machine.units][min(threads, 2) - 1]
            what = f'{word} {name}{"" if word == "forward" else " layer " + str(layer)} : {peer}'
            if not have[peer] or (chosen and not any(c in what for c in chosen)):
                continue
            ours, other, ratio, our_peak, their_peak = duel(build, word, name, layer, peer, threads)
            print(f'{what:34}{threads:8}{ours:10.2f}{other:10.2f}{ratio:13.4f}{goal:8}', flush=True)
            remember(f'    {what}, {threads} threads: {ours:.3f} ms, {other:.3f} ms, {ratio:.4f}')
            if (word, name) == ('both', 'vgg16'):
                print(f'{"    peak memory, MiB":42}{our_peak / 1024:10.0f}{their_peak / 1024:10.0f}{our_peak / their_peak:13.2f}{0.5:8}')
    if chosen:
        return
    ours, other, ratio = start_up(build)
    print(f'{"whole command : import torch":42}{ours * 1e3:10.1f}{other * 1e3:10.1f}{ratio:13.4f}{1 / 30:8.4f}')


if __name__ == '__main__':
    main()
