"""Everything statistical about the verdict."""
