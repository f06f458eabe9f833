"""A local Amazon seller account: listings, product type definitions and tokens by Amazon's Swagger documents."""
