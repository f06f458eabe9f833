"""Finding products: the one filter language, and free text. Grid, API, bulk actions, exports and views share it."""
