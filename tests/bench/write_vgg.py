"""write_vgg.py FILE - VGG-16 with random weights, as safetensors under torchvision's names."""
import json
import struct
import sys

from networks import make

state = {name: t.detach().numpy() for name, t in make('vgg16').state_dict().items()}
head, at = {}, 0
for name, a in state.items():
    head[name] = {'dtype': 'F32', 'shape': list(a.shape), 'data_offsets': [at, at + a.nbytes]}
    at += a.nbytes
text = json.dumps(head).encode()
with open(sys.argv[1], 'wb') as f:
    f.write(struct.pack('<Q', len(text)) + text)
    for a in state.values():
        f.write(a.tobytes())
