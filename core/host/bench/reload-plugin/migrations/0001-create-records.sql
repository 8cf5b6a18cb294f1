CREATE TABLE records (id bigint PRIMARY KEY, name text NOT NULL);
