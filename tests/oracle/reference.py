"""The reference that deconvviz is held against: the oracle beside this repository (../shared/oracle/oracle.py),
with what random graphs need on top. Everything is float64 PyTorch; see the oracle's own text for the rules."""
import os
import sys

import onnx
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
    """Oracle and: ConvTranspose with any padding, Softmax and LayerNormalization over any axes, elementwise operators."""

    def forward(self, x, until=None):
        """As Oracle.forward; the values are kept for op_If, whose branches see them."""
        self.values = dict(self.const)
        self.values[self.input] = x
        until = until or self.graph.output[0].name
        for node in self.graph.node:
            self.compute(node)
            if until in node.output:
                break
        return self.values[until]

    def compute(self, node):
        a = {p.name: onnx.helper.get_attribute_value(p) for p in node.attribute}
        out = getattr(self, 'op_' + node.op_type)(a, *[self.values[n] if n else None for n in node.input])
        self.values.update(zip(node.output, out if isinstance(out, (tuple, list)) else (out,)))

    def op_Conv(self, a, x, w, b=None):
        """Depthwise convolutions as sums of shifted maps: PyTorch's own take minutes in float64."""
        if not a.get('group', 1) == x.shape[1] == w.shape[0] > 1:
            return super().op_Conv(a, x, w, b)
        s, d = a.get('strides', [1, 1]), a.get('dilations', [1, 1])
        (t, l), (bo, r) = self.pads(a, x, w.shape[2:], s, d)
        x = F.pad(x, (l, r, t, bo))
        h, v = [(x.shape[2 + i] - (w.shape[2 + i] - 1) * d[i] - 1) // s[i] + 1 for i in (0, 1)]
        y = sum(x[:, :, i * d[0]:i * d[0] + (h - 1) * s[0] + 1:s[0], j * d[1]:j * d[1] + (v - 1) * s[1] + 1:s[1]] *
                w[:, 0, i, j].view(1, -1, 1, 1) for i in range(w.shape[2]) for j in range(w.shape[3]))
        y = y if b is None else y + b.view(1, -1, 1, 1)
        return y if self.noise == 0 else y * (1 + self.noise * torch.randn_like(y))

    def op_If(self, a, condition):
        """PyTorch exports a squeeze of a dimension that it does not know so."""
        branch = a['then_branch' if bool(condition) else 'else_branch']
        for node in branch.node:
            self.compute(node)
        return self.values[branch.output[0].name]

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

    def op_LayerNormalization(self, a, x, scale, bias=None):
        axis = a.get('axis', -1) % x.dim()
        return F.layer_norm(x, x.shape[axis:], scale, bias, a.get('epsilon', 1e-5))

    def op_Neg(self, a, x): return -x
    def op_Abs(self, a, x): return x.abs()

    @property
    def opset(self):
        return next(o.version for o in self.model.opset_import if o.domain in ('', 'ai.onnx'))
