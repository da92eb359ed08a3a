"""From a function, a box and a tolerance to a plain network with a proof of its error."""

from .compilation import ToleranceError as ToleranceError
from .compilation import compile as compile

__all__ = ["ToleranceError", "compile"]
