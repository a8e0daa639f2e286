"""Short labelled texts in any script."""
