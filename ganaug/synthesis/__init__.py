"""From a trained generator to rows worth keeping: sample, score, select."""
