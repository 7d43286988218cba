"""What the tests need around the server: a PostgreSQL cluster, the binary itself, its data and raw connections."""
