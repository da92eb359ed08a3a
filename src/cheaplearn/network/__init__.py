"""Plain networks: affine layers, an activation, skips; their certificates, files and pictures."""

from .activation import ACTIVATIONS as ACTIVATIONS
from .activation import HALF_PRECISION as HALF_PRECISION
from .activation import activation_named as activation_named
from .certificate import Certificate as Certificate
from .certificate import rounded_up as rounded_up
from .network import Layer as Layer
from .network import Network as Network
from .storage import load as load

__all__ = [
    "ACTIVATIONS",
    "HALF_PRECISION",
    "Certificate",
    "Layer",
    "Network",
    "activation_named",
    "load",
    "rounded_up",
]
