-- What an account needs to read the tables of a job, and no more: MySQL or MariaDB as a source.
-- Run it as an administrator. Put your own names in place of pawl_reader, shop (the database) and the tables, and the host that Pawl
-- runs on in place of %. The account lets nobody in until it gets its password:
--   ALTER USER 'pawl_reader'@'%' IDENTIFIED BY '…' ACCOUNT UNLOCK;
CREATE USER 'pawl_reader'@'%' ACCOUNT LOCK;
GRANT SELECT ON shop.orders TO 'pawl_reader'@'%';
GRANT SELECT ON shop.customers TO 'pawl_reader'@'%';
-- Only for incremental tables without a lag: it shows when open transactions began.
GRANT PROCESS ON *.* TO 'pawl_reader'@'%';
-- Only for consistency: one-snapshot on several sessions, which begin while nobody can write.
GRANT RELOAD ON *.* TO 'pawl_reader'@'%';
