create table products (
  id uuid primary key,
  name text not null,
  name_key text not null,
  code text,
  description text,
  unit_price numeric,
  currency text,
  is_active boolean not null default true,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);
create unique index products_code on products (code);
create index products_name on products (name_key, id);
create index products_created on products (created_at, id);
