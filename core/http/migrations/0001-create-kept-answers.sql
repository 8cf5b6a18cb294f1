-- Answers to requests that came with an Idempotency-Key, written by the transaction of the change. A row holds no key and
-- no path: its id is a hash over caller, method, path and key.
create table core.kept_answers (
  id bytea primary key,
  plugin text not null,
  -- Of the request's query and body.
  digest bytea not null,
  -- The one run of the handler that this is the answer of.
  attempt uuid not null,
  status smallint not null check (status between 200 and 399),
  headers jsonb not null,
  body text,
  -- The answer had a body, which was too large or was forgotten.
  shortened boolean not null,
  kept_at timestamptz not null default clock_timestamp()
);
create index kept_answers_by_age on core.kept_answers (kept_at);

-- Keeps an answer, in place of an earlier one of the same attempt or of one that has expired. Fails when another request
-- has kept its own under the same id: the transaction of the change is then rolled back.
create function core.keep_answer(
  answer_id bytea, answer_plugin text, answer_digest bytea, answer_attempt uuid, answer_status integer,
  answer_headers jsonb, answer_body text, answer_shortened boolean
)
returns void
language plpgsql set search_path = core, pg_catalog as $$
begin
  insert into core.kept_answers as kept (id, plugin, digest, attempt, status, headers, body, shortened)
  values (
    answer_id, answer_plugin, answer_digest, answer_attempt, answer_status, answer_headers, answer_body, answer_shortened
  )
  on conflict (id) do update set
    plugin = excluded.plugin, digest = excluded.digest, attempt = excluded.attempt, status = excluded.status,
    headers = excluded.headers, body = excluded.body, shortened = excluded.shortened, kept_at = excluded.kept_at
  where kept.attempt = excluded.attempt or kept.kept_at <= clock_timestamp() - interval '24 hours';
  if not found then
    raise exception 'another request has kept its answer under this key'
      using errcode = 'unique_violation', schema = 'core', table = 'kept_answers', constraint = 'kept_answers_pkey';
  end if;
end
$$;
