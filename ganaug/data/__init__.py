"""Labelled rows in and out: sources, splits, integrity, the Parquet form, exports. Imports no torch."""
