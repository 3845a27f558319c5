"""A PostgreSQL server as the store that a team shares. psycopg is loaded where such a store is opened, not before."""
