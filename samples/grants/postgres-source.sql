-- What an account needs to read the tables of a job, and no more: PostgreSQL as a source.
-- Run it in the source database, as the owner of the tables or an administrator. Put your own names in place of
-- pawl_reader, shop (the database), sales (the schema) and the tables. Give the account its password with psql's \password.
CREATE ROLE pawl_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
GRANT CONNECT ON DATABASE shop TO pawl_reader;
GRANT USAGE ON SCHEMA sales TO pawl_reader;
GRANT SELECT ON TABLE sales.orders, sales.customers TO pawl_reader;
