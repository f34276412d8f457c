#!/usr/bin/python3
"""mine.py BUILD FOLDER [COUNT] - mining a folder of photographs, decoding included, beside ONNX Runtime's bare forward pass.

Milliseconds an image of `deconvviz mine -l all` over COUNT photographs (1000, of slow networks 300; the start, with a hash of the
model's file and its weights being arranged, is shared out among them) with 1 and 2 threads, and of ONNX Runtime with as many
threads on inputs that lie in memory, in batches of the size of 1, 4, 8 and 16 that suits it best; in turns, medians of three rounds.
Then peak memory over a part of the images and over all of them."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

from compare import ENV, HERE, Contender, export, remember


def mine(build, model, listed, threads, out):
    """-> seconds, peak memory in KiB"""
    start = time.perf_counter()
    child = subprocess.Popen([os.path.join(build, 'deconvviz'), 'mine', '-q', '-m', model, '-l', 'all', '--threads', str(threads),
                              '-o', out, '--list', listed], env=ENV, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f'mine failed on {model}')
    os.remove(out)
    return time.perf_counter() - start, usage.ru_maxrss


def write_list(path, images):
    with open(path, 'w') as f:
        f.write('\n'.join(images) + '\n')
    return path


def best_batch(name, threads):
    """A contender in the batch size that takes it least time an image, and that size."""
    best = None
    for batch in (1, 4, 8, 16):
        peer = Contender('node', os.path.join(HERE, 'peer_ort.js'), export(name, batch), str(threads), str(batch))
        ms = min(peer.ask('forward') for _ in range(max(3, 16 // batch))) / batch
        if best and best[0] <= ms:
            peer.close()
            continue
        if best:
            best[1].close()
        best = ms, peer, batch
    return best[1], best[2]


def duel(build, name, goal, images, folder):
    model, out = export(name), os.path.join(folder, 'index.json')
    listed = write_list(os.path.join(folder, 'list.txt'), images)
    ours, theirs, ratio = {1: [], 2: []}, {1: [], 2: []}, {}
    peers = {t: best_batch(name, t) for t in (1, 2)}
    for _ in range(3):
        for threads, (peer, batch) in peers.items():
            ours[threads].append(mine(build, model, listed, threads, out)[0] * 1e3 / len(images))
            theirs[threads].append(statistics.median(peer.ask('forward') for _ in range(max(5, 60 // batch))) / batch)
    for threads, (peer, batch) in peers.items():
        peer.close()
        a, b = statistics.median(ours[threads]), statistics.median(theirs[threads])
        ratio[threads] = statistics.median(x / y for x, y in zip(ours[threads], theirs[threads]))
        print(f'{"mine " + name + " : ort in batches of " + str(batch):42}{threads:8}{a:10.2f}{b:10.2f}{ratio[threads]:13.3f}{goal:8}', flush=True)
        remember(f'    mine {name}, {threads} threads: {a:.3f} ms, {b:.3f} ms in batches of {batch}, {ratio[threads]:.4f}')
    print(f'{"    2 threads : 1":50}{"":20}{statistics.median(ours[1]) / statistics.median(ours[2]):13.3f}{1.85:8}')
    few = write_list(os.path.join(folder, 'few.txt'), images[:len(images) // 3])
    a, b = (mine(build, model, l, 2, out)[1] for l in (listed, few))
    print(f'{"    peak memory, MiB, all : a third":50}{a / 1024:10.0f}{b / 1024:10.0f}{a / b:13.3f}', flush=True)


GOALS = {'squeezenet1_1': (1.0, 1000), 'alexnet': (0.6, 1000), 'zfnet': (0.6, 1000), 'resnet18': (0.7, 1000), 'vgg16': (0.45, 300)}


def main():
    build, photographs = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    images = sorted(os.path.join(photographs, f) for f in os.listdir(photographs))
    print(f'{"ms an image":42}{"threads":>8}{"ours":>10}{"ORT":>10}{"ours / peer":>13}{"asked":>8}')
    with tempfile.TemporaryDirectory() as folder:
        for name, (goal, count) in GOALS.items():
            duel(build, name, goal, images[:int(sys.argv[3]) if len(sys.argv) > 3 else count], folder)


if __name__ == '__main__':
    main()
