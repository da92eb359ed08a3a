"""What a compiler needs to know of a function: exact polynomials over affinely scaled inputs."""

from .circuit import Circuit as Circuit

__all__ = ["Circuit"]
