"""A small ERP that owns prices and stock, takes orders, and tells of changes late, doubled and shuffled."""
