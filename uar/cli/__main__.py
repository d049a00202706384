"""`python -m uar.cli`, for processes that start us without knowing where `uar` is installed."""

import sys

from uar.cli import main

sys.exit(main())
