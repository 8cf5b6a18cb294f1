-- The version that served last: a later one that is taken up while the plugin is off, or the appliance stopped, goes back to it.
alter table plugins add column served_version text;
