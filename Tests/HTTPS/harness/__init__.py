"""The environment of the tests: PostgreSQL clusters, the server binary, data, and raw connections."""
