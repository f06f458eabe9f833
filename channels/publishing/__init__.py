"""The controller: make what is out there equal what should be, as often as needed."""
