"""`python -m mossbox` is the `mossbox` command."""

from mossbox.apps.cli import main

raise SystemExit(main())
