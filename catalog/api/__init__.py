"""The REST API: how every endpoint signs in, refuses, pages, repeats and counts. Resources are files beside."""
