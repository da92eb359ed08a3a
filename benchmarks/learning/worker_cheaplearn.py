"""cheaplearn's estimators, one fit for each part of the job."""

import warnings
from functools import partial

import chain
import densities_saved
import fitting
from meter import metered

import cheaplearn as cl
from cheaplearn.hamiltonian.slopes import Slopes

PENALTY = 1.0  # of the one family whose memory is measured


def geometry(options):
    if "grid" in options:
        return cl.Grid(*options.pop("grid"), periodic=options.pop("periodic", False))
    return cl.Chain(options.pop("ring"), periodic=True) if "ring" in options else None


def family(model):
    symmetry = getattr(model.symmetry_, "name", model.symmetry_)
    radius = "" if model.geometry is None else f", radius {model.radius_:g}"
    return f"order {model.order_}{radius}" + (f", {symmetry}" if symmetry else "")


def classifier(task, _):
    options = dict(task["options"])
    settings = {"geometry": geometry(options), "random_state": task["seed"], **options}
    return fitting.classify(
        lambda cv: cl.HamiltonianClassifier(cv=cv, **settings),
        lambda model: (model.hamiltonian_.n_parameters, family(model)),
        task,
    )


def regressor(task, part):
    options = dict(task["options"])
    settings = {"geometry": geometry(options), "random_state": task["seed"], **options}
    return fitting.regress(lambda cv: cl.HamiltonianRegressor(cv=cv, **settings), described, task, part)


def described(model):
    n = model.n_features_in_
    terms = model.formula_[0].terms
    formula = [[[dict(monomial).get(k, 0) for k in range(n)], float(c)] for monomial, c in terms.items()]
    return model.hamiltonian_.n_parameters, family(model), formula


def density(task, _):
    """Fits, and saves ln p and its slopes at the test rows."""
    options = dict(task["options"])
    settings = {"geometry": geometry(options), "random_state": task["seed"], "n_jobs": 1, **options}
    data = densities_saved.read(task)
    cl.HamiltonianDensity(**settings).fit(data["X"][:300])
    model, cost = metered(lambda: cl.HamiltonianDensity(**settings).fit(data["X"]))
    partition = model.partition_
    H, slopes = Slopes.of_hamiltonian(model.hamiltonian_).values_and_gradients(data["X_test"])
    densities_saved.write(task, -H - partition.value, -slopes)
    width = f", bracket {partition.upper - partition.lower:.2g}" if partition.method == "annealing" else ""
    free = model.hamiltonian_.n_parameters - 1  # the offset is ln Z
    return cost | {"parameters": free, "chosen": family(model), "partition": partition.method + width}


def on_chain(build, call):
    """Measures `call(model, X, y, classes)` after one on few samples."""

    def measure(task, _):
        call(build(), *chain.draw(300, seed=1))
        X, y, classes = chain.draw(task["rows"])
        model, cost = metered(lambda: call(build(), X, y, classes), task["traced"])
        return cost | {"parameters": len(model.hamiltonian_.monomials)}

    return measure


LOCAL = {"order": 2, "radius": 1, "geometry": cl.Chain(chain.SITES)}
ONE = LOCAL | {"regularization": PENALTY, "cv": None}


def stream(model, *arrays):
    for part in chain.chunks(*arrays):
        model.partial_fit(*part)
    return model


CLASSIFIER = partial(cl.HamiltonianClassifier, **ONE)
REGRESSOR = partial(cl.HamiltonianRegressor, **ONE)
DENSITY = partial(cl.HamiltonianDensity, method="score matching", n_jobs=1, **LOCAL)
TABLE = {
    "classifier": classifier,
    "regressor": regressor,
    "density": density,
    "chain_classifier": on_chain(CLASSIFIER, lambda model, X, y, c: model.fit(X, c)),
    "chain_classifier_streaming": on_chain(
        partial(CLASSIFIER, engine="streaming"), lambda model, X, y, c: model.fit(X, c)
    ),
    "chain_regressor": on_chain(REGRESSOR, lambda model, X, y, c: model.fit(X, y)),
    "chain_regressor_streaming": on_chain(REGRESSOR, lambda model, X, y, c: stream(model, X, y)),
    "chain_density": on_chain(DENSITY, lambda model, X, y, c: model.fit(X)),
    "chain_density_streaming": on_chain(DENSITY, lambda model, X, y, c: stream(model, X)),
}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    fitting.main(TABLE)
