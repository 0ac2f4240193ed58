"""``python -m tlpo``: the same as the ``tlpo`` command, for launchers that start modules."""

import sys

from tlpo.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
