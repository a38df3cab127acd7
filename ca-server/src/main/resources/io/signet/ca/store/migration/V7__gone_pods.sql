-- Holders whose pod was not there any more when its cluster was asked, with the place in the ledger
-- of the last certificate that they had then: up to that one they do not count. Whoever gets another
-- one is somewhere after all, and counts as before; so a row is never changed.
create table if not exists gone_holder (
  name     varchar primary key,
  position bigint  not null
);

-- The clusters that any replica attests pods of, and until when those may have a certificate.
create table if not exists pod_cluster (
  id   varchar primary key,
  ends timestamp with time zone not null
);
