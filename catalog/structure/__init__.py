"""What products are made of: attributes, families, categories, and what follows when they change."""
