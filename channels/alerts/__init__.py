"""Alerts: what is watched (`probes`), when somebody is told (`watch`), and how (`tell`)."""
