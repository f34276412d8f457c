"""The reference that deconvviz is held against: the oracle beside this repository (../shared/oracle/oracle.py),
with what random graphs need on top. Everything is float64 PyTorch; see the oracle's own text for the rules."""
import os
import sys

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.environ.get('DECONVVIZ_SHARED', os.path.normpath(os.path.join(HERE, '../../../shared')))
sys.path.insert(0, os.environ.get('DECONVVIZ_ORACLE', os.path.join(SHARED, 'oracle')))
try:
    from oracle import Oracle
except ImportError:
    sys.exit(f'no oracle.py in {SHARED}/oracle: set DECONVVIZ_ORACLE to its folder')

RULES = ('deconvnet', 'gradient', 'guided')


class Reference(Oracle):
    """Oracle and: ConvTranspose with any padding, Softmax over any axis, a few elementwise operators."""

    def op_ConvTranspose(self, a, x, w, b=None):
        k, s, d = w.shape[2:], a.get('strides', [1, 1]), a.get('dilations', [1, 1])
        more, auto = a.get('output_padding', [0, 0]), a.get('auto_pad', b'NOTSET').decode()
        lo, hi = list(a.get('pads', [0] * 4)[:2]), list(a.get('pads', [0] * 4)[2:])
        full = [(x.shape[2 + i] - 1) * s[i] + (k[i] - 1) * d[i] + 1 + more[i] for i in (0, 1)]
        wanted = a.get('output_shape')
        if wanted is None and auto.startswith('SAME'):
            wanted = [x.shape[2 + i] * s[i] for i in (0, 1)]
        if wanted is not None:
            for i in (0, 1):
                total = max(full[i] - wanted[i], 0)
                lo[i] = total // 2 if auto != 'SAME_LOWER' else total - total // 2
                hi[i] = total - lo[i]
        y = F.conv_transpose2d(x, w, b, stride=s, output_padding=0, groups=a.get('group', 1), dilation=d)
        if any(more):
            y = F.pad(y, (0, more[1], 0, more[0]))
            if b is not None:
                y[:, :, full[0] - more[0]:, :] = b.view(1, -1, 1, 1)
                y[:, :, :, full[1] - more[1]:] = b.view(1, -1, 1, 1)
        y = y[:, :, lo[0]:y.shape[2] - hi[0], lo[1]:y.shape[3] - hi[1]]
        return y if self.noise == 0 else y * (1 + self.noise * torch.randn_like(y))

    def op_Gemm(self, a, x, w, b=None):
        y = super().op_Gemm(a, x, w, b)
        return y if self.noise == 0 else y * (1 + self.noise * torch.randn_like(y))

    def op_Softmax(self, a, x):
        axis = a.get('axis', 1 if self.opset < 13 else -1)
        if self.opset >= 13:
            return torch.softmax(x, axis)
        axis %= x.dim()
        return torch.softmax(x.reshape(*x.shape[:axis], -1), axis).reshape(x.shape)

    def op_Neg(self, a, x): return -x
    def op_Abs(self, a, x): return x.abs()

    @property
    def opset(self):
        return next(o.version for o in self.model.opset_import if o.domain in ('', 'ai.onnx'))
