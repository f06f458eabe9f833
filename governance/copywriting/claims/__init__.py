"""Which statements of a text rest on the product's facts: no model, no network, no database.

`check.py` is the door. Numbers with their units (`numerals`, `units`, `quantities`) and words of closed
vocabularies (`vocabulary`) are found in the text and held against the facts (`facts`, `judge`).
"""
