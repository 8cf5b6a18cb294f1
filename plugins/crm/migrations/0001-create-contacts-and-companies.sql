create table companies (
  id uuid primary key,
  name text not null,
  name_key text not null,
  domain text,
  phone text,
  website text,
  tags text[] not null default '{}',
  search tsvector not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);
-- A domain is stored in lower case, so its own index keeps it unique in any spelling.
create unique index companies_domain on companies (domain);
create index companies_name_key on companies (name_key);
create index companies_tags on companies using gin (tags);
create index companies_search on companies using gin (search);

create table contacts (
  id uuid primary key,
  first_name text,
  last_name text,
  email text,
  email_key text,
  phone text,
  company_id uuid references companies (id),
  tags text[] not null default '{}',
  search tsvector not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);
create unique index contacts_email_key on contacts (email_key);
create index contacts_company on contacts (company_id, id);
create index contacts_tags on contacts using gin (tags);
create index contacts_search on contacts using gin (search);

create table associations (
  contact_id uuid not null references contacts (id) on delete cascade,
  company_id uuid not null references companies (id) on delete cascade,
  role text,
  created_at timestamptz(3) not null default now(),
  primary key (contact_id, company_id)
);
create index associations_company on associations (company_id, contact_id);
