-- Certificates that are not to be believed any more.
create table if not exists revocation (
  serial     bytea         primary key,
  authority  bytea         not null,
  id         varchar(2048) not null,
  reason     varchar(32)   not null,
  revoked_at timestamp with time zone not null,
  revoked_by varchar       not null,
  not_after  timestamp with time zone not null
);

create index if not exists revocation_not_after on revocation (not_after);

-- Identities that nobody gets a certificate of.
create table if not exists denial (
  id        varchar(2048) primary key,
  reason    varchar(32)   not null,
  denied_at timestamp with time zone not null,
  denied_by varchar       not null
);

-- One row, changed with each change of the two tables before; whoever changes them holds it.
create table if not exists revocation_version (
  only_row boolean primary key check (only_row),
  number   bigint  not null
);

insert into revocation_version (only_row, number)
  select true, 0 where not exists (select 1 from revocation_version);

-- The newest CRL of each authority, by the identifier of its key.
create table if not exists crl (
  authority   bytea  primary key,
  certificate bytea  not null,
  number      bigint not null,
  this_update timestamp with time zone not null,
  next_update timestamp with time zone not null,
  ends        timestamp with time zone not null
);

-- Its bytes, in parts that the embedded database can hold.
create table if not exists crl_part (
  authority bytea   not null,
  part      integer not null,
  der       bytea   not null,
  primary key (authority, part)
);
