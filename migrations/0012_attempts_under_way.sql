-- Sign-ins that are being looked at are told apart from wrong passwords
-- (domain::auth::Attempts): a crowd that knows its passwords is never locked out,
-- and a crowd of guessers gets no more guesses than would be forgiven.
-- `count` goes on counting the wrong ones. Processes of the version before write
-- no `under_way`: what they begin counts as wrong until it turns out right, as it did.
alter table auth.attempts add column under_way integer not null default 0;
