"""Who owns what: the rules, the guard at the write door, and the matrix that tells them."""
