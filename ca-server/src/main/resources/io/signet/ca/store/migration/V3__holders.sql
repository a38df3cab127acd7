-- Who has which certificate, and with which bundle it was answered. Rows of versions before this one
-- name no holder: each of their leaves counts by itself, without a bundle, under the first root. An
-- empty name is that of nobody whom a rotation waits for, such as the server itself.
alter table ledger add column holder varchar;
alter table ledger add column bundle bigint not null default 0;
alter table ledger add column generation integer not null default 1;

-- What each replica has seen of holders on its streams: 0 streams for one that has left. No bundle
-- or generation for one that never asked for such a thing; 0 for one that has acknowledged none.
create table holder (
  name       varchar     not null,
  replica    varchar(64) not null,
  streams    integer     not null,
  bundle     bigint,
  generation integer,
  refusal    varchar,
  since      timestamp with time zone not null,
  primary key (name, replica)
);
