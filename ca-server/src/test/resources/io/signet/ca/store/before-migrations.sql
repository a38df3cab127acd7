create table if not exists ledger (
  serial        varbinary(20)   primary key,
  id            varchar(2048)   not null,
  profile       varchar(16)     not null,
  issuer_key_id varbinary(20)   not null,
  tbs           varbinary(8192) not null,
  not_after     timestamp with time zone not null,
  intended_at   timestamp with time zone not null,
  signature     varbinary(1024)
);

alter table ledger add column if not exists reason varchar not null default '';

create index if not exists ledger_not_after on ledger (not_after);

create table if not exists unfinished (
  serial varbinary(20) primary key
);

create table if not exists doubtful (
  serial    varbinary(20) primary key,
  not_after timestamp with time zone not null
);

create table if not exists root (
  label       varchar(64)    primary key,
  certificate varbinary(8192)
);

alter table root add column if not exists above varbinary(65536);
alter table root add column if not exists roots varbinary(65536);

create table if not exists issuing_key (
  label varchar(64) primary key
);

create table if not exists instance (
  only_row      boolean primary key check (only_row),
  serial_prefix integer not null check (serial_prefix between 1 and 127)
);
