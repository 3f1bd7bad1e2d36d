"""Reads page images against Layouts. Knows nothing of databases or the web."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its threads wait by spinning, and cost a page's time

READER_VERSION = "1.4"
