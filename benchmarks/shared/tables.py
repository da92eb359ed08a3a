"""Markdown tables whose cells may be failures."""


def show(text):
    print(text, flush=True)


def header(*names):
    show("| " + " | ".join(names) + " |")
    show("|" + "---|" * len(names))


def line(*cells):
    show("| " + " | ".join(str(cell) for cell in cells) + " |")


def number(result, key, form=".2g"):
    """A figure of a result; empty for a failure, whose reason is said once, in a cell of its own."""
    return format(result[key], form) if key in result else ""


def ratio(value, ours):
    """How many times ours, short: 3.4e+06 for large ones, 12 or 0.031 otherwise."""
    if value is None or ours is None:
        return ""
    times = value / ours
    return f"{times:.1e}" if times >= 1e4 else f"{times:,.0f}" if times >= 100 else f"{times:.2g}"
