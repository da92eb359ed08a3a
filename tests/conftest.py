"""Settings for all tests."""

import os

from hypothesis import settings

# The same examples on every run in CI; fresh ones everywhere else, where a failure helps.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
