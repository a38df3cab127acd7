-- The rules of all migrations are told in package io.signet.ca.store. This one takes over what was
-- made before there were any, also by versions that had less; hence each "if not exists".
create table if not exists ledger (
  serial        bytea         primary key,
  id            varchar(2048) not null,
  profile       varchar(16)   not null,
  issuer_key_id bytea         not null,
  tbs           bytea         not null,
  not_after     timestamp with time zone not null,
  intended_at   timestamp with time zone not null,
  signature     bytea
);

-- Why each was issued; empty for what an earlier version recorded, which did not say.
alter table ledger add column if not exists reason varchar not null default '';

create index if not exists ledger_not_after on ledger (not_after);

-- The intents of this run without a result, by themselves: a restart asks for them and must not read the whole ledger.
create table if not exists unfinished (
  serial bytea primary key
);

-- The intents of earlier runs without a result: a signature may exist, and none will ever be recorded.
create table if not exists doubtful (
  serial    bytea primary key,
  not_after timestamp with time zone not null
);

-- The CA, which an earlier version called root.
create table if not exists root (
  label       varchar(64) primary key,
  certificate bytea
);

-- Of a CA that is not a root of its own; empty for what an earlier version made, which were roots.
-- Certificates one after the other, DER.
alter table root add column if not exists above bytea;
alter table root add column if not exists roots bytea;

-- The keys of issuing authorities that may exist in a custodian that outlives the process.
create table if not exists issuing_key (
  label varchar(64) primary key
);

-- One row: what makes this instance's serial numbers its own.
create table if not exists instance (
  only_row      boolean primary key check (only_row),
  serial_prefix integer not null check (serial_prefix between 1 and 127)
);
