"""Files, progress and registries, which any package may use."""
