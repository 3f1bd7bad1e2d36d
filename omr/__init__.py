"""Reads page images against Layouts. Knows nothing of databases or the web."""

READER_VERSION = "1.1"
