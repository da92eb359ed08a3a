"""`cheaplearn fit --density`, `predict` and `sample`: from a table of states to a model and back."""

import io
import json
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

import cheaplearn as cl
from cheaplearn.cli.model_folder import load_model

QUICK = ["--cv", "3", "--order", "auto"]
FILES = {"model.json", "model.npz", "ladder.csv", "couplings.csv", "report.html"}
J = {(0, 1): 0.9, (1, 2): -0.7, (3, 4): 0.6}  # p(s) is proportional to exp(sum J s s)


def all_spins(n=5):
    return np.array(list(product((-1, 1), repeat=n)))


def chances():
    states = all_spins()
    weight = np.exp(sum(value * states[:, i] * states[:, j] for (i, j), value in J.items()))
    return states, weight / weight.sum()


def spins(seed, rows=1500):
    states, p = chances()
    return states[np.random.default_rng(seed).choice(len(states), rows, p=p)]


def table_of(X):
    return pd.DataFrame(X, columns=list("abcde"))


def fit(run, source, out, *options):
    outcome = run("fit", source, "-o", out, "--json", *options)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A table of spins, its model folder, and what was said."""
    import contextlib

    from cheaplearn.cli import main

    folder = tmp_path_factory.mktemp("density")
    table_of(spins(0)).to_csv(folder / "spins.csv", index=False)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main(["fit", str(folder / "spins.csv"), "--density", "-o", str(folder / "model"), "--json", *QUICK]) == 0
    (folder / "facts.json").write_text(out.getvalue())
    (folder / "said.txt").write_text(err.getvalue())
    return folder


def facts_of(fitted):
    return json.loads((fitted / "facts.json").read_text())


def test_fit_writes_a_complete_folder_and_says_what_it_took_the_cells_for(fitted):
    assert {path.name for path in (fitted / "model").iterdir()} == FILES
    assert "Task: density of 5 columns of kind spin (every cell is -1 or 1)." in (fitted / "said.txt").read_text()


def test_the_pairs_that_made_the_data_are_found(fitted):
    facts = facts_of(fitted)
    assert (facts["chosen"]["order"], facts["chosen"]["parameters"]) == (2, 15)
    assert facts["score"] == "log-likelihood"
    assert {row["model"] for row in facts["baselines"]} == {"independent", "Chow-Liu tree"}
    table = pd.read_csv(fitted / "model" / "couplings.csv").set_index("term")
    for (i, j), value in J.items():
        row = table.loc["abcde"[i] + "*" + "abcde"[j]]
        assert abs(row["value"] + value) < 4 * row["standard_error"]
        assert row["lower"] < row["value"] < row["upper"]
    strongest = {coupling["term"] for coupling in facts["couplings"][:3]}
    assert strongest == {"a*b", "b*c", "d*e"}


def test_ln_z_and_the_held_out_score_are_those_of_the_saved_model(fitted):
    facts = facts_of(fitted)
    hamiltonian, target, _ = load_model(fitted / "model")
    assert target is None
    energies = hamiltonian(all_spins())[:, 0]
    assert facts["log_partition"]["value"] == pytest.approx(logsumexp(-energies), abs=1e-9)
    assert facts["log_partition"]["verified"]
    rows = np.random.default_rng(0).permutation(1500)[1200:]
    scores = -hamiltonian(spins(0)[rows])[:, 0] - logsumexp(-energies)
    assert facts["test"]["rows"] == 300
    assert facts["test"]["log_likelihood"] == pytest.approx(scores.mean(), abs=1e-9)
    assert facts["test"]["standard_error"] == pytest.approx(scores.std() / np.sqrt(300), rel=1e-9)
    true = chances()
    entropy = -float(true[1] @ np.log(true[1]))
    assert abs(facts["test"]["log_likelihood"] + entropy) < 4 * facts["test"]["standard_error"]
    assert facts["test"]["baselines"][0]["log_likelihood"] == pytest.approx(-5 * np.log(2), abs=0.02)


def test_predict_gives_the_log_probability_of_every_row(run, fitted, tmp_path):
    table = table_of(all_spins())[list("edcba")].assign(note="text")
    table.to_csv(tmp_path / "new.csv", index=False)
    outcome = run("predict", fitted / "model", tmp_path / "new.csv")
    scores = pd.read_csv(io.StringIO(outcome.out))
    assert scores.columns.tolist() == ["log_probability"]
    assert np.exp(scores["log_probability"]).sum() == pytest.approx(1, abs=1e-9)
    assert "were not used: note." in outcome.err
    np.save(tmp_path / "new.npy", all_spins())
    again = json.loads(run("predict", fitted / "model", tmp_path / "new.npy", "--json").out)
    assert again["log_probability"] == scores["log_probability"].tolist()
    hamiltonian, _, facts = load_model(fitted / "model")
    expected = -hamiltonian(all_spins())[:, 0] - facts["log_partition"]["value"]
    assert np.abs(scores["log_probability"] - expected).max() < 1e-12


def test_samples_follow_the_model_and_the_seed(run, fitted, tmp_path):
    outcome = run("sample", fitted / "model", "-n", 4000, "--seed", 3)
    table = pd.read_csv(io.StringIO(outcome.out))
    assert table.columns.tolist() == list("abcde")
    assert "exact" in outcome.err
    hamiltonian, _, facts = load_model(fitted / "model")
    p = np.exp(-hamiltonian(all_spins())[:, 0] - facts["log_partition"]["value"])
    counts = [int((table.to_numpy() == state).all(axis=1).sum()) for state in all_spins()]
    z = (np.array(counts) - 4000 * p) / np.sqrt(4000 * p * (1 - p))
    assert sum(counts) == 4000
    assert np.abs(z).max() < 4.2
    assert run("sample", fitted / "model", "-n", 4000, "--seed", 3, "-o", tmp_path / "s.npz").out == ""
    assert np.array_equal(np.load(tmp_path / "s.npz")["X"], table.to_numpy())
    other = json.loads(run("sample", fitted / "model", "-n", 4000, "--seed", 4, "--json").out)
    assert other["columns"] == list("abcde")
    assert np.array(other["rows"]).shape == (4000, 5)
    assert not np.array_equal(other["rows"], table.to_numpy())


def test_people_read_ladder_baselines_choice_and_couplings(run, fitted, tmp_path):
    outcome = run("fit", fitted / "spins.csv", "--density", "-o", tmp_path / "m", *QUICK)
    for text in (
        "Ladder of spins", "<- chosen", "independent:", "Chow-Liu tree:", "ln Z", "enumeration", "ln p",
        "rows not used for the choice", "a*b", " to ", "report",
    ):  # fmt: skip
        assert text in outcome.out, text
    strip = r'"seconds": .*?\}'
    first, second = ((folder / "model.json").read_text() for folder in (fitted / "model", tmp_path / "m"))
    assert re.sub(strip, "", first, flags=re.DOTALL) == re.sub(strip, "", second, flags=re.DOTALL)


@pytest.mark.parametrize("kind", ["bit", "category"])
def test_other_kinds_describe_the_same_probabilities(run, fitted, tmp_path, kind):
    """Recoding spins as bits or letters changes the words, not ln p."""
    X = spins(0)
    values = (X + 1) // 2 if kind == "bit" else np.where(X > 0, "up", "down")
    table_of(values).to_csv(tmp_path / "x.csv", index=False)
    options = ["--order", "2", "--radius", "all", "--regularization", "0.001"]
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", "--density", *options)
    assert facts["kind"] == kind
    assert facts["score"] is None  # one family: nothing to choose
    reference = fit(run, fitted / "spins.csv", tmp_path / "r", "--density", *options)
    assert facts["test"]["log_likelihood"] == pytest.approx(reference["test"]["log_likelihood"], abs=1e-4)
    scores = pd.read_csv(io.StringIO(run("predict", tmp_path / "m", tmp_path / "x.csv").out))
    assert len(scores) == 1500


def test_counts_are_dealt_out_one_by_one(run, tmp_path):
    """A histogram of 40,000 samples gives the couplings back; no sample is lost, none is used twice."""
    states, p = chances()
    counts = np.random.default_rng(5).multinomial(40_000, p)
    table_of(states).assign(seen=counts).to_csv(tmp_path / "x.csv", index=False)
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", "--density", "--counts", "seen", *QUICK)
    assert (facts["rows"], facts["training_rows"], facts["test"]["rows"]) == (40_000, 32_000, 8_000)
    assert facts["effective_rows"] is None
    assert facts["chosen"]["order"] == 2
    entropy = -float(p @ np.log(p))
    assert abs(facts["test"]["log_likelihood"] + entropy) < 4 * facts["test"]["standard_error"]
    assert facts["test"]["standard_error"] < 0.02
    for coupling in facts["couplings"][:3]:
        i, j = sorted("abcde".index(name) for name in coupling["term"].split("*"))
        assert abs(coupling["value"] + J[i, j]) < 4 * coupling["standard_error"]
    np.savez(tmp_path / "x.npz", X=states, counts=counts)
    same = fit(run, tmp_path / "x.npz", tmp_path / "n", "--density", *QUICK)
    assert [row["loss"] for row in same["ladder"]] == [row["loss"] for row in facts["ladder"]]


def test_blocked_rows_are_held_out_from_the_end(run, fitted, tmp_path):
    X = spins(1)
    X[1200:, 0] = 1  # what comes last is scored, not learned
    table_of(X).to_csv(tmp_path / "x.csv", index=False)
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", "--density", "--blocked", *QUICK)
    assert facts["blocked"]
    hamiltonian, _, _ = load_model(tmp_path / "m")
    scores = -hamiltonian(X[1200:])[:, 0] - facts["log_partition"]["value"]
    assert facts["test"]["log_likelihood"] == pytest.approx(scores.mean(), abs=1e-9)


def test_a_periodic_grid_ties_neighbours_across_its_edge(run, tmp_path):
    rng = np.random.default_rng(2)
    X = rng.choice([-1, 1], (400, 6))
    np.save(tmp_path / "ring.npy", X)
    options = ["--grid", "6", "--periodic", "--order", "2", "--radius", "1"]
    facts = fit(run, tmp_path / "ring.npy", tmp_path / "m", "--density", *options)
    assert facts["chosen"]["parameters"] == 12
    hamiltonian, _, _ = load_model(tmp_path / "m")
    assert hamiltonian.geometry == cl.Grid(6, periodic=True)


def test_equal_weights_change_nothing_and_add_up(run, fitted, tmp_path):
    table_of(spins(0)).assign(w=0.5).to_csv(tmp_path / "x.csv", index=False)
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", "--density", "--weights", "w", *QUICK)
    reference = facts_of(fitted)
    assert facts["effective_rows"] == 750
    for row, other in zip(facts["ladder"], reference["ladder"], strict=True):
        assert row["loss"] == pytest.approx(other["loss"], abs=1e-3)
    for name in ("log_likelihood", "standard_error"):
        assert facts["test"][name] == pytest.approx(reference["test"][name], abs=1e-3)


def test_method_and_penalties_reach_the_estimator_and_its_notes_are_kept_once(run, tmp_path):
    X = spins(4, rows=300)
    table_of(X).assign(e=X[:, 0]).to_csv(tmp_path / "x.csv", index=False)  # e is a copy of a
    options = [
        "--order",
        "2",
        "--radius",
        "all",
        "--method",
        "pseudolikelihood",
        "--regularization",
        "3",
        "--l1",
        "0.1",
    ]
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", "--density", *options)
    assert (facts["method"], facts["regularization"]) == ("pseudolikelihood", 3)
    assert facts["chosen"]["parameters"] <= 15
    copies = [note for note in facts["notes"] if "copies" in note]
    assert len(copies) == 1
    assert not copies[0].startswith("HamiltonianDensity")


def family(rng, rows=60):
    """An alignment whose columns 2 and 9 (counted from 1) match, with copies of some sequences."""
    letters = rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), (rows, 10))
    letters[:, 8] = np.where(rng.random(rows) < 0.9, letters[:, 1], letters[:, 8])
    few = np.array(list("AC"))
    letters[:, [1, 8]] = few[(letters[:, [1, 8]] > "K").astype(int)]
    return np.vstack([letters, letters[:20]])


@pytest.fixture(scope="module")
def alignment(tmp_path_factory):
    import contextlib

    from cheaplearn.cli import main

    folder = tmp_path_factory.mktemp("alignment")
    letters = family(np.random.default_rng(0))
    (folder / "fam.fasta").write_text("".join(f">s{k} x\n{''.join(row)}\n" for k, row in enumerate(letters)))
    out = io.StringIO()
    options = ["--regularization", "5", "--json"]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        assert main(["fit", str(folder / "fam.fasta"), "-o", str(folder / "model"), *options]) == 0
    return folder, letters, json.loads(out.getvalue())


def test_an_alignment_is_reweighted_and_its_contacts_are_listed(alignment):
    folder, letters, facts = alignment
    assert facts["sequences"]
    assert facts["effective_rows"] == pytest.approx(cl.sequence_weights(letters, 0.8).sum(), abs=1e-9)
    assert facts["effective_rows"] == 60
    assert {path.name for path in (folder / "model").iterdir()} == FILES | {"contacts.csv"}
    contacts = pd.read_csv(folder / "model" / "contacts.csv")
    assert contacts.iloc[0][["first", "second", "separation"]].tolist() == [2, 9, 7]
    assert len(contacts) == 5 * 6 // 2
    page = (folder / "model" / "report.html").read_text()
    assert "Columns in contact" in page
    assert "10 columns of an alignment" in page


def test_sequences_are_scored_by_name_and_drawn_as_fasta(run, alignment, tmp_path):
    folder = alignment[0]
    scores = pd.read_csv(io.StringIO(run("predict", folder / "model", folder / "fam.fasta").out))
    assert scores["name"].tolist() == [f"s{k}" for k in range(80)]
    assert scores["log_probability"].iloc[0] == scores["log_probability"].iloc[60]
    (tmp_path / "bad.fasta").write_text(">a\nACDEFGHIK\n")
    outcome = run("predict", folder / "model", tmp_path / "bad.fasta")
    assert outcome.code == 2
    assert "must have 10 columns as in training, got 9" in outcome.err


def test_identity_zero_weighs_all_sequences_alike(run, alignment, tmp_path):
    folder = alignment[0]
    options = ["--identity", "0", "--order", "1", "--cv", "3"]
    facts = fit(run, folder / "fam.fasta", tmp_path / "m", *options)
    assert facts["effective_rows"] is None
    assert facts["weighing"] == "none"


CASES = {
    "zero among spins": ("a,b\n1,-1\n0,1\n", ["--kind", "spin"], r"must be -1 or 1 \(kind spin\) but is 0: .*row 3"),
    "bits as spins": ("a,b\n1,0\n0,1\n", ["--kind", "spin"], r"pass --kind bit"),
    "neither": ("a,b\n1,0\n2,1\n", [], r"`--kind` must be given.* is 2: .*row 3, column 'a'"),
    "symmetry": ("a,b\n1,0\n0,1\n", ["--symmetry", "sign flip"], r"without signs unless all variables"),
    "fraction": ("a,b\n1,0\n0.5,1\n", ["--kind", "category"], r"is 0.5: .*row 3, column 'a'.*Round the column"),
    "empty": ("a,b\n1,0\n,1\n", ["--kind", "bit"], r"is empty or NaN: .*row 3, column 'a'"),
    "counts": ("a,b,n\n1,0,1.5\n", ["--counts", "n"], r"a whole number .* but is 1.5: .*row 2, column 'n'"),
    "weights": ("a,b,n\n1,0,-1\n", ["--weights", "n"], r"at least 0 but is -1"),
    "no weight": ("a,b,n\n1,0,0\n", ["--weights", "n"], r"not all zero, got 'n'"),
    "unknown weights": ("a,b,n\n1,0,1\n", ["--weights", "m"], r"`--weights` must be a column of .*got 'm'"),
    "both": ("a,b,n\n1,0,1\n", ["--weights", "n", "--counts", "n"], r"must be left out where `--weights`"),
    "few rows": ("a,b\n1,0\n0,1\n", [], r"one for each of 5 folds, got a share of 0.2 of 2 rows"),
    "blocked counts": ("a,b,n\n1,0,90\n0,1,80\n", ["--counts", "n", "--blocked"], r"`--blocked` must be left out"),
    "grid": ("a,b\n1,0\n0,1\n", ["--grid", "3x3"], r"one site per feature column"),
    "penalty": ("a,b\n1,0\n0,1\n", ["--l1", "much"], r"`--l1` must be auto or a number of at least 0, got 'much'"),
    "tolerance": ("a,b\n1,0\n0,1\n", ["--tolerance", "1"], r"`--tolerance` must go with a target to learn"),
    "method": ("a,b\n" + "1,0\n0,1\n" * 20, ["--method", "guess"], r"`method` of `HamiltonianDensity` must be one of"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_is_named_and_nothing_is_written(run, tmp_path, case):
    text, options, message = CASES[case]
    (tmp_path / "x.csv").write_text(text)
    outcome = run("fit", tmp_path / "x.csv", "--density", "-o", tmp_path / "out", *options)
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert re.search(message, " ".join(outcome.err.split())), outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_cells_of_arrays_are_counted_from_one(run, tmp_path):
    X = np.zeros((9, 3), int)
    X[4, 1] = 7
    np.savez(tmp_path / "x.npz", X=X)
    outcome = run("fit", tmp_path / "x.npz", "--density", "--kind", "bit", "-o", tmp_path / "m")
    assert outcome.code == 2
    assert re.search(r"is 7: .*row 5, column 'x1' \(rows as in the file, the first row is 1\)", outcome.err)
    np.savez(tmp_path / "x.npz", X=X * 0, counts=X[:, 0] + 1, weights=X[:, 0] + 1)
    outcome = run("fit", tmp_path / "x.npz", "--density", "-o", tmp_path / "m")
    assert "holds both counts and weights" in outcome.err


def test_states_the_model_does_not_know_are_named(run, fitted, tmp_path):
    (tmp_path / "new.csv").write_text("a,b,c,d,e\n1,1,1,1,1\n1,0,1,1,1\n")
    outcome = run("predict", fitted / "model", tmp_path / "new.csv")
    assert outcome.code == 2
    assert re.search(r"must be -1 or 1 .* but is 0: .*row 3, column 'b'", outcome.err)
    np.save(tmp_path / "new.npy", np.ones((3, 4), int))
    outcome = run("predict", fitted / "model", tmp_path / "new.npy")
    assert "must have 5 columns as in training, got 4" in outcome.err


def test_samples_are_refused_where_there_are_none(run, fitted, table_file, tmp_path):
    for options, message in (
        (["-o", tmp_path / "s.txt"], "`--output` must end in .csv, .npz, .fasta"),
        (["-o", tmp_path / "s.fasta"], "was not fitted to an alignment"),
        (["--method", "guess"], "must be one of"),
    ):
        outcome = run("sample", fitted / "model", *options)
        assert outcome.code == 2
        assert message in outcome.err
    run("fit", table_file, "--target", "label", "-o", tmp_path / "m", "--order", 1, "--cv", 3)
    outcome = run("sample", tmp_path / "m")
    assert outcome.code == 2
    assert "holds a classifier" in outcome.err
