-- The configuration value by value, for the next version to be compared with: path, shown, seal. Secrets are masked; a
-- seal is their HMAC under the appliance's key. Null for versions that are older than this column, and for old ones.
alter table configuration_versions add column content json;
