"""What a statement says: language, labels, mentions, visits, quotations, near-duplicates. Pure; lexicons are data."""
