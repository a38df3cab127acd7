-- The servers that share this store. The only one of an embedded store is not among them.
create table if not exists replica (
  id            varchar(64) primary key,
  -- What makes its serial numbers its own; null once it has left.
  serial_prefix integer     unique check (serial_prefix between 1 and 127),
  -- How far it is: the last step of a rotation that it has followed, the bundle that it delivers, the newest generation whose key it can use, and
  -- the one under which it signs.
  followed      bigint      not null default 0,
  bundle        bigint      not null default 0,
  ready         integer     not null default 0,
  issuing       integer     not null default 0,
  -- By the clock of this database, and how far the replica's is ahead of it.
  seen          timestamp with time zone not null,
  skew_millis   bigint      not null default 0,
  departed      boolean     not null default false
);

-- Whose they are: the start of one replica must not touch what another has open. Empty: of the only
-- one.
alter table unfinished  add column if not exists replica varchar(64) not null default '';
alter table issuing_key add column if not exists replica varchar(64) not null default '';
