"""The sandbox, tested over real HTTP."""
