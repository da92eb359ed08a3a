"""What fits of a target share: what was asked for, checked before the long work, and the network at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exits import bad_input
from .intervals import refuse_unknown
from .options import checked_symmetry, read_grid, read_order, read_radius
from .steps import Steps
from .tables import Samples

if TYPE_CHECKING:
    from ..geometry import Grid
    from ..network import Network

__all__ = ["MOST_JOBS", "FitOptions", "SupervisedJob"]

MOST_JOBS = 4  # families scored at a time: each holds its own features in memory


@dataclass(frozen=True)
class FitOptions:
    """What the user asked for.

    Args:
        grid: Grid as text, or None.
        periodic: Whether its axes close into rings.
        order: "auto" or a number, as text.
        radius: "auto", "all" or a number, as text.
        folds: Number of folds of the ladder.
        test: Share of rows kept out of every choice.
        box: Range of the variables, per name or for all; None for the range of the data.
        tolerance: Largest certified error, nats or units of the target; None for the default, which may be exceeded
            with a note.
        dtype: "float32" or "float64".
        activation: Name of the activation.
        seed: Seed of everything random.
        task: "auto" or a task.
        command: The command line.
        symmetry: "none", "auto" or names joined by +.
        sparse: Of regressions: whether terms that the data do not need are dropped.
    """

    grid: str | None
    periodic: bool
    order: str
    radius: str
    folds: int
    test: float
    box: Any
    tolerance: float | None
    dtype: str
    activation: str
    seed: int
    task: str
    command: str = ""
    symmetry: str = "none"
    sparse: bool = False


@dataclass
class SupervisedJob:
    """One fit of a target: checks when made, works when run.

    Args:
        samples: What to learn from.
        options: What was asked for.

    Raises:
        BadInput: If options and samples do not fit together.
    """

    samples: Samples
    options: FitOptions
    steps: Steps = field(default_factory=Steps)

    def __post_init__(self) -> None:
        samples, options = self.samples, self.options
        self.check_target()
        self.grid: Grid | None = read_grid(options.grid or samples.grid, samples.X.shape[1], options.periodic)
        self.order = read_order(options.order)
        self.radius = read_radius(options.radius, self.grid)
        self.symmetry = checked_symmetry(options.symmetry, self.grid, samples.X.shape[1], self.estimator)
        self.box = self._box()
        self._check_compiler_options()

    @property
    def estimator(self) -> str:
        """Name of the class that learns."""
        raise NotImplementedError

    def check_target(self) -> None:
        """Refuses a target that cannot be learned."""
        raise NotImplementedError

    def run(self, checkpoint: Path | None = None) -> Any:
        """Does the work.

        Args:
            checkpoint: Folder in which scores of finished families are kept and looked for, or None.

        Returns:
            What the report tells.
        """
        raise NotImplementedError

    def _box(self) -> dict[str, tuple[float, float]]:
        names, X = self.samples.variables, self.samples.X
        given = self.options.box or self.samples.box
        if isinstance(given, tuple):
            return dict.fromkeys(names, given)
        given = given or {}
        for name in given:
            refuse_unknown(name, names, "--box")
        data = zip(names, X.min(axis=0).tolist(), X.max(axis=0).tolist(), strict=True)
        return {name: given.get(name, (low, high)) for name, low, high in data}

    def _check_compiler_options(self) -> None:
        """Compiles a toy with the same options, so that a wrong one is refused before the long fit."""
        from ..compiler import compile as compile_network
        from ..polynomial import Polynomial

        with bad_input():
            toy = Polynomial.parse("x")
            compile_network(toy, (-1, 1), None, dtype=self.options.dtype, activation=self.options.activation)
            if self.options.tolerance is not None:
                loose = max(self.options.tolerance, 1.0) if self.options.tolerance > 0 else self.options.tolerance
                compile_network(toy, (-1, 1), loose)

    def compiled(self, model: Any, default: float, unit: str) -> tuple[Network, float, bool]:
        """Compiles to the tolerance; only a default tolerance may give way, and then it is said.

        Args:
            model: A fitted estimator.
            default: Tolerance if none was asked for.
            unit: Of errors, in words.

        Returns:
            The network, the tolerance, and whether its certificate meets it.

        Raises:
            ToleranceError: If a tolerance that was asked for is out of reach.
        """
        from ..compiler import ToleranceError
        from ..compiler import compile as compile_network

        options = self.options
        wanted = default if options.tolerance is None else options.tolerance
        what = f"Compiling to {options.dtype} with a certified error of at most {wanted:.3g} {unit}"
        with self.steps.step("compile", what):
            try:
                network = compile_network(model, self.box, wanted, options.dtype, options.activation)
                return network, wanted, True
            except ToleranceError as err:
                if options.tolerance is not None or err.network is None:
                    raise
                self.steps.note(
                    f"The default tolerance of {wanted:.3g} {unit} is out of reach in {options.dtype}: {err}"
                )
                return err.network, wanted, False
