"""Arms, metrics, statistics: does a downstream classifier get better."""
