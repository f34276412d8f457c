"""The networks that are timed, with random weights, the same in every process."""
import torch
import torchvision
from torch import nn


def zfnet():
    """Zeiler & Fergus 2013, figure 3, without contrast normalisation."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 96, 7, 2, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(96, 256, 5, 2), nn.ReLU(),
                      nn.MaxPool2d(3, 2, 1), nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 384, 3, 1, 1),
                      nn.ReLU(), nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2)),
        nn.Flatten(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000))


def make(name):
    torch.manual_seed(1)
    net = zfnet() if name == 'zfnet' else getattr(torchvision.models, name)(weights=None)
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight)
    return net.eval()
