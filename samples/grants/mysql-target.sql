-- What an account needs to write the tables of a job, and no more: MySQL or MariaDB as a target.
-- Run it as an administrator. Put your own names in place of pawl_writer, pawl, dw and stock (databases), and the host that Pawl runs on
-- in place of %. In GRANT a _ in the name of a database stands for any character: write \_ for it. The account lets nobody in until it
-- gets its password:
--   ALTER USER 'pawl_writer'@'%' IDENTIFIED BY '…' ACCOUNT UNLOCK;
CREATE USER 'pawl_writer'@'%' ACCOUNT LOCK;
-- Pawl's own tables; the target's URL says ?control_database=pawl. Back this database up together with those of the rows.
CREATE DATABASE pawl CHARACTER SET utf8mb4;
GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON pawl.* TO 'pawl_writer'@'%';
-- Tables that Pawl makes. DELETE for run --restart.
CREATE DATABASE dw CHARACTER SET utf8mb4;
GRANT CREATE, ALTER, SELECT, INSERT, DELETE, TRIGGER ON dw.* TO 'pawl_writer'@'%';
-- Only for write: upsert, which goes through a temporary table.
GRANT UPDATE, CREATE TEMPORARY TABLES ON dw.* TO 'pawl_writer'@'%';
-- Only for write: replace, which goes through a staging table.
GRANT DELETE, DROP ON dw.* TO 'pawl_writer'@'%';
-- A table that is there already. UPDATE and the temporary table for upsert, ALTER for schema.changes: evolve; TRIGGER shows whether it
-- has triggers, and is not needed with ?triggers=fire.
GRANT SELECT, INSERT, UPDATE, ALTER, TRIGGER ON stock.items TO 'pawl_writer'@'%';
GRANT CREATE TEMPORARY TABLES ON stock.* TO 'pawl_writer'@'%';
