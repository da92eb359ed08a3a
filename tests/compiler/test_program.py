"""Nodes of a program are shared: equal forms, and forms that differ by their sign, are computed once."""

from flint import fmpq

from cheaplearn.compiler.program import Program


def two_inputs():
    return Program(center=[fmpq(0)] * 2, radius=[fmpq(1)] * 2)


def test_a_square_and_the_square_of_the_negative_are_one_node():
    program = two_inputs()
    first = program.square_column({1: fmpq(1, 2), 2: fmpq(-1, 2)})
    assert program.square_column({1: fmpq(-1, 2), 2: fmpq(1, 2)}) == first == 3
    assert len(program.nodes) == 1


def test_products_are_shared_in_either_order_and_up_to_the_sign():
    program = two_inputs()
    x, y = {1: fmpq(1)}, {2: fmpq(1)}
    minus_y = {2: fmpq(-1)}
    assert program.product(x, y) == program.product(y, x) == {3: fmpq(1)}
    assert program.product(x, minus_y) == program.product(minus_y, x) == {3: fmpq(-1)}
    assert [node.kind for node in program.nodes] == ["product"]


def test_a_product_of_equal_forms_is_a_square():
    program = two_inputs()
    form, negative = {0: fmpq(1, 4), 1: fmpq(1, 2)}, {0: fmpq(-1, 4), 1: fmpq(-1, 2)}
    assert program.product(form, form) == {3: fmpq(1)}
    assert program.product(form, negative) == {3: fmpq(-1)}
    assert [node.kind for node in program.nodes] == ["square"]


def test_levels_count_the_nodes_on_the_way_to_the_inputs():
    program = two_inputs()
    first = program.square_column({1: fmpq(1)})
    second = program.square_column({first: fmpq(1, 2), 2: fmpq(1, 2)})
    program.square_column({second: fmpq(1)})
    program.square_column({2: fmpq(1)})
    assert [node.level for node in program.nodes] == [1, 2, 3, 1]
    assert program.depth == 3
