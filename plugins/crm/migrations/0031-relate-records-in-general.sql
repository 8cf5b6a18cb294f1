-- Contacts and companies were associated with each other only. Each association stands here once: of its two records
-- first the one whose kind comes first (contact, company, deal), of one kind that with the lower id.
alter table associations drop constraint associations_contact_id_fkey;
alter table associations drop constraint associations_company_id_fkey;
alter table associations rename column contact_id to first_id;
alter table associations rename column company_id to second_id;
alter table associations
  add column first_kind text not null default 'contact',
  add column second_kind text not null default 'company';
alter table associations alter column first_kind drop default, alter column second_kind drop default;
alter index associations_company rename to associations_second;
