-- A text of the YAML may hold characters that jsonb refuses, such as NUL; json keeps them as they are written.
alter table configuration_versions alter column differences type json using differences::json;
