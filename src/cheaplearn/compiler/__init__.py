"""From a function, a box and a tolerance to a plain network with a proof of its error."""

from .compilation import compile as compile
from .refusal import ToleranceError as ToleranceError

__all__ = ["ToleranceError", "compile"]
