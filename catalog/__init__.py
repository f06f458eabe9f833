"""What a product is: attributes, families, values, variants, media, offers, and the one door for writes."""
