-- The owner and the database, on a server of your own. Run once by an administrator:
--   psql -v owner_password="'…'" -f db/roles.sql
CREATE ROLE dochub_owner LOGIN CREATEROLE PASSWORD :owner_password;
CREATE DATABASE dochub OWNER dochub_owner ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
