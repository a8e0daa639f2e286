"""Tables: columns of numbers and of categories, with or without missing values."""
