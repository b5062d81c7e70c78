-- What an account needs to write the tables of a job, and no more: PostgreSQL as a target.
-- Run it in the target database, as its owner or an administrator. Put your own names in place of pawl_writer,
-- warehouse (the database), dw and stock (schemas). Give the account its password with psql's \password.
CREATE ROLE pawl_writer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
GRANT CONNECT ON DATABASE warehouse TO pawl_writer;
-- Only for write: upsert, which goes through a temporary table.
GRANT TEMPORARY ON DATABASE warehouse TO pawl_writer;
-- Pawl's own tables; the target's URL says ?control_schema=pawl.
CREATE SCHEMA pawl AUTHORIZATION pawl_writer;
-- Tables that Pawl creates: it owns them.
CREATE SCHEMA dw AUTHORIZATION pawl_writer;
-- A table that is there already: insert and select, update for upsert.
GRANT USAGE ON SCHEMA stock TO pawl_writer;
GRANT SELECT, INSERT, UPDATE ON TABLE stock.items TO pawl_writer;
