-- What records have in common with others, as 64-bit digests of it: the texts are personal data and stand in the records
-- themselves. The kind is part of what is digested, and an id belongs to a record of one table only.
create table match_keys (
  key bigint not null,
  record_id uuid not null,
  primary key (key, record_id)
);
create index match_keys_record on match_keys (record_id);

-- Records that were written and not looked at since. Nothing is unique, so that no writer waits for another.
create table match_queue (
  seq bigint generated always as identity primary key,
  kind text not null,
  record_id uuid not null
);

create table duplicate_pairs (
  id uuid primary key,
  kind text not null check (kind in ('contact', 'company')),
  low_id uuid not null,
  high_id uuid not null,
  score integer not null,
  reasons text[] not null,
  status text not null default 'open' check (status in ('open', 'dismissed', 'merged')),
  -- Which of the two is left.
  merged_into uuid,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1,
  check (low_id < high_id)
);
create unique index duplicate_pairs_records on duplicate_pairs (low_id, high_id);
create index duplicate_pairs_high on duplicate_pairs (high_id);
create index duplicate_pairs_score on duplicate_pairs (score, id);
create index duplicate_pairs_status on duplicate_pairs (status, kind, score, id);
create index duplicate_pairs_created on duplicate_pairs (created_at, id);

-- Where a record has gone that was merged into another one, and that one into a third: always the one that is left.
create table merged_records (
  id uuid primary key,
  kind text not null,
  winner_id uuid not null,
  merged_at timestamptz(3) not null default now()
);
create index merged_records_winner on merged_records (winner_id);

-- Records from before are looked at by the sweep.
insert into match_queue (kind, record_id) select 'contact', id from contacts order by id;
insert into match_queue (kind, record_id) select 'company', id from companies order by id;
