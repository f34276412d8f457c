#!/usr/bin/python3
"""mine.py BUILD FOLDER [COUNT] - mining a folder of photographs, decoding included, beside ONNX Runtime's bare forward pass.

Images a second of `deconvviz mine -l all` over COUNT (300) photographs with 1 and 2 threads, and of ONNX Runtime with as many
threads, one image at a time on an input that lies in memory; in turns, medians of five rounds. Then peak memory over a part
of the images and over all of them, and the size of the index."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

from compare import ENV, HERE, Contender, export


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


def duel(build, name, images, folder):
    model, out = export(name), os.path.join(folder, 'index.json')
    listed = write_list(os.path.join(folder, 'list.txt'), images)
    ours, theirs = {1: [], 2: []}, {1: [], 2: []}
    peers = {t: Contender('node', os.path.join(HERE, 'peer_ort.js'), model, str(t)) for t in (1, 2)}
    for _ in range(5):
        for threads in (1, 2):
            ours[threads].append(len(images) / mine(build, model, listed, threads, out)[0])
            theirs[threads].append(1e3 / statistics.mean(peers[threads].ask('forward') for _ in range(60)))
    for peer in peers.values():
        peer.close()
    for threads in (1, 2):
        a, b = statistics.median(ours[threads]), statistics.median(theirs[threads])
        print(f'{"mine " + name:26}{threads:8}{a:12.1f}{b:12.1f}{a / b:13.3f}{">= 0.9":>8}', flush=True)
    print(f'{"    2 threads : 1":34}{"":24}{statistics.median(ours[2]) / statistics.median(ours[1]):13.3f}{">= 1.8":>8}')
    few = write_list(os.path.join(folder, 'few.txt'), images[:len(images) // 3])
    a, b = (mine(build, model, l, 2, out)[1] for l in (listed, few))
    print(f'{"    peak memory, MiB, all : a third":34}{a / 1024:12.0f}{b / 1024:12.0f}{a / b:13.3f}', flush=True)


def main():
    build, photographs = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    images = sorted(os.path.join(photographs, f) for f in os.listdir(photographs))[:count]
    print(f'{"images a second":26}{"threads":>8}{"ours":>12}{"ORT":>12}{"ours / peer":>13}{"asked":>8}')
    with tempfile.TemporaryDirectory() as folder:
        for name in ('squeezenet1_1', 'zfnet'):
            duel(build, name, images, folder)


if __name__ == '__main__':
    main()
