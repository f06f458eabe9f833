"""The audit: facts kept in a chain of hashes, its proof, and the story of a product."""
