create table pipelines (
  id uuid primary key,
  name text not null,
  name_key text not null,
  is_default boolean not null default false,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);
create unique index pipelines_name on pipelines (name_key);
create unique index pipelines_default on pipelines (is_default) where is_default;

create table stages (
  id uuid primary key,
  pipeline_id uuid not null references pipelines (id) on delete cascade,
  name text not null,
  position integer not null,
  probability integer not null check (probability between 0 and 100),
  outcome text not null check (outcome in ('open', 'won', 'lost')),
  -- What deals refer to, so that the stage of a deal is one of its pipeline.
  unique (pipeline_id, id)
);
create index stages_pipeline on stages (pipeline_id, position);

insert into pipelines (id, name, name_key, is_default)
  values ('01938f00-0000-7000-8000-000000000001', 'Sales', 'sales', true);
insert into stages (id, pipeline_id, name, position, probability, outcome)
  select ('01938f00-0000-7000-8000-00000000010' || position)::uuid,
    '01938f00-0000-7000-8000-000000000001', name, position, probability, outcome
  from (values
    (1, 'Lead', 10, 'open'),
    (2, 'Qualified', 20, 'open'),
    (3, 'Needs analysis', 40, 'open'),
    (4, 'Proposal', 60, 'open'),
    (5, 'Negotiation', 80, 'open'),
    (6, 'Won', 100, 'won'),
    (7, 'Lost', 0, 'lost')
  ) as usual (position, name, probability, outcome);
