-- How often the plugin has asked for a new generation of itself: each replica builds one when it reads a new number.
alter table plugins add column reloads integer not null default 0;
