"""Samples that come as files: class folders, manifests, Parquet tables of files. For modalities of any kind."""
