"""Template tags of the shared look. What each draws is shown in templates/components/README.md."""
