"""Settlement: from settled operations to postings; the pure half of accounting."""
