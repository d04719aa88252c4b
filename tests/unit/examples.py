"""How many examples Hypothesis tries: few by default, more when the environment says so."""

import os

from hypothesis import settings

few = settings(max_examples=int(os.environ.get("MOSSBOX_EXAMPLES", "100")), deadline=None)
