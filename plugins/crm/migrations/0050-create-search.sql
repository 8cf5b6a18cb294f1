-- Every word that people may mistype, of all records. Letters only, in lower case and without accents.
create table search_words (word text collate "C" primary key);
create index search_words_ending on search_words (length(word), reverse(word));

-- Words of records that were just written; a job takes them on.
create table search_words_noted (word text not null);

-- Words stand behind the code of their field (words/field-code.ts). Records from before are folded as far as PostgreSQL
-- can, and wholly when they are written again.
create function search_code(field text) returns text language sql immutable
  return substr(translate(encode(sha256(convert_to(field, 'UTF8')), 'base64'), '+/', '-_'), 1, 3);
create function search_lexemes(field text, value text) returns setof text language sql immutable
  begin atomic
    select search_code(field) || left(word, 250)
    from regexp_split_to_table(lower(normalize(value, NFKC)), '[^[:alnum:]]+') as word where word <> ''
    union
    select search_code(field) || left(lower(normalize(value, NFKC)), 250) where value !~ '\s';
  end;
create function search_phone(value text) returns setof text language sql immutable
  begin atomic
    select search_code('phone') || regexp_replace(value, '\D', '', 'g') where value is not null
    union
    select search_code('phone') || '<' || reverse(ltrim(regexp_replace(value, '\D', '', 'g'), '0'))
    where value is not null;
  end;
update contacts set search = array_to_tsvector(array(
  select search_lexemes('first_name', first_name) union select search_lexemes('last_name', last_name)
  union select search_lexemes('email', email) union select search_phone(phone)));
update companies set search = array_to_tsvector(array(
  select search_lexemes('name', name) union select search_lexemes('domain', domain) union select search_phone(phone)));
drop function search_lexemes(text, text);
drop function search_phone(text);
drop function search_code(text);

-- How many records have a word decides whether they are found by it or along their order.
alter table contacts alter column search set statistics 500;
alter table companies alter column search set statistics 500;
alter table deals alter column search set statistics 500;
