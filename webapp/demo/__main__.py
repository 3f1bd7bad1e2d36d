"""``python -m webapp.demo``."""

import sys

from webapp.demo import main

if __name__ == "__main__":
    sys.exit(main())
