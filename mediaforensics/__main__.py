"""``python -m mediaforensics``: the same as the ``mediaforensics`` command."""

import sys

from mediaforensics.cli.command import main

sys.exit(main())
