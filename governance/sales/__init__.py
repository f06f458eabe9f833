"""Sale windows that need a named person's word before they are shown."""
