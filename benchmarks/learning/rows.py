"""A method that is compared: which script runs it where, and what it says of itself."""

from dataclasses import dataclass, field
from pathlib import Path

from processes import run

HERE = Path(__file__).parent
OURS = "**{}**".format


@dataclass
class Method:
    """A row of a table.

    Args:
        name: What the reader sees.
        peer: Environment, and the script worker_PEER.py.
        fit: Name of the function of the script's table.
        options: Passed to that function.
    """

    name: str
    peer: str
    fit: str
    options: dict = field(default_factory=dict)

    @property
    def worker(self):
        return HERE / f"worker_{self.peer.replace('-', '')}.py"

    def run(self, pythons, limit, parts=None, **job):
        """Results by part, or the reason why there are none."""
        job = {"fit": self.fit, "options": self.options, "parts": parts or ["all"], **job}
        return run(pythons[self.peer], self.worker, job, limit, job["parts"])


def megabytes(value):
    return "" if value is None else f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def seconds(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def spread(values, form=".4f"):
    """Mean, and its standard error if there are several values."""
    mean = sum(values) / len(values)
    if len(values) == 1:
        return format(mean, form)
    error = (sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values)) ** 0.5
    return f"{mean:{form}} ± {error:{form}}"
