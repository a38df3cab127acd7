-- The intents that were given up: nothing was or will be signed over them, and nobody is waited for
-- because of them. A version before this one counts them until their certificates would have ended.
create table if not exists withdrawn (
  serial bytea primary key
);
