create table deals (
  id uuid primary key,
  name text not null,
  name_key text not null,
  external_id text,
  pipeline_id uuid not null references pipelines (id),
  stage_id uuid not null,
  status text not null check (status in ('open', 'won', 'lost')),
  closed_at timestamptz(3),
  -- The digits after the point are those of the currency, which a fixed scale would fill up with zeros.
  amount numeric check (amount >= 0 and amount < 1e15 and scale(amount) <= 4),
  amount_source text not null check (amount_source in ('manual', 'lines')),
  currency text not null,
  probability integer not null check (probability between 0 and 100),
  probability_source text not null check (probability_source in ('stage', 'manual')),
  -- Multiplied, not divided, so that it is exact.
  weighted_value numeric generated always as (amount * probability * 0.01) stored,
  expected_close_date date,
  company_id uuid references companies (id),
  lines jsonb not null,
  lines_total numeric not null,
  product_ids text[] not null,
  owner_id text,
  team_id text,
  tags text[] not null default '{}',
  search tsvector not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1,
  foreign key (pipeline_id, stage_id) references stages (pipeline_id, id),
  check ((status = 'open') = (closed_at is null))
);
create unique index deals_external_id on deals (external_id);
create index deals_name on deals (name_key, id);
create index deals_pipeline on deals (pipeline_id, id);
create index deals_stage on deals (stage_id, id);
create index deals_company on deals (company_id, id);
create index deals_owner on deals (owner_id, id);
create index deals_team on deals (team_id, id);
create index deals_amount on deals (amount, id);
create index deals_expected_close on deals (expected_close_date, id);
create index deals_closed on deals (closed_at, id);
create index deals_created on deals (created_at, id);
create index deals_updated on deals (updated_at, id);
-- A forecast is read from this index alone.
create index deals_forecast on deals (status, pipeline_id, stage_id, currency) include (amount, weighted_value);
create index deals_products on deals using gin (product_ids) with (gin_pending_list_limit = 256);
create index deals_tags on deals using gin (tags) with (gin_pending_list_limit = 256);
create index deals_search on deals using gin (search) with (gin_pending_list_limit = 256);

-- Where a deal has been and for how long. Names stand here because a stage may be renamed or removed.
create table deal_stages (
  id uuid primary key,
  deal_id uuid not null references deals (id) on delete cascade,
  pipeline_id uuid not null,
  pipeline_name text not null,
  stage_id uuid not null,
  stage_name text not null,
  outcome text not null,
  entered_at timestamptz(3) not null,
  left_at timestamptz(3)
);
create index deal_stages_deal on deal_stages (deal_id, id);
create unique index deal_stages_present on deal_stages (deal_id) where left_at is null;

alter table timeline_entries
  drop constraint timeline_entries_subject_type_check,
  drop constraint timeline_entries_kind_check,
  add constraint timeline_entries_subject_type_check check (subject_type in ('contact', 'company', 'deal')),
  add constraint timeline_entries_kind_check check (kind in ('created', 'changed', 'note', 'stage_changed'));
