"""A local Google Merchant Center account: Merchant API products/v1 by its official discovery document."""
