-- The steps of all rotations; the last one of a kind of key is how it stands.
create table if not exists rotation_journal (
  kind         varchar(16)  not null,
  number       bigint       not null,
  made_at      timestamp with time zone not null,
  made_by      varchar(2048) not null,
  reason       varchar      not null,
  phase        varchar(16)  not null,
  active       integer      not null,
  active_label varchar(64)  not null,
  other        integer,
  other_label  varchar(64),
  bundle       bigint       not null,
  since        timestamp with time zone not null,
  approved     boolean      not null,
  forced       boolean      not null,
  compromised  boolean      not null,
  primary key (kind, number)
);

-- Which one of the CAs of this trust domain that is. There was one only.
alter table root add column if not exists generation integer not null default 1;
create unique index if not exists root_generation on root (generation);
