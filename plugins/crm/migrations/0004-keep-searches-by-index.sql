-- Each search reads through what an index has not sorted in yet, 4 MB by default: enough after an import for the planner
-- to read the whole table in its place. At 256 kB writes cost the same.
alter index contacts_search set (gin_pending_list_limit = 256);
alter index contacts_tags set (gin_pending_list_limit = 256);
alter index companies_search set (gin_pending_list_limit = 256);
alter index companies_tags set (gin_pending_list_limit = 256);
