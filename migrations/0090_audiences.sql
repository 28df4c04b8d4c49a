-- An audience is a set of parties (domain::Audience), no longer a chain of two. The
-- numbers of old rows keep their meaning (0 everyone, 1 everyone but the customer);
-- other sets are the sum of the bits of their parties: 2 customer, 4 restaurant,
-- 8 courier, 16 support, 32 operator; 64 is nobody. No row has to be looked at: all
-- that passed the old check pass the new one.
alter table journal.events drop constraint events_audience_known;
alter table journal.events
    add constraint events_audience_known check (audience between 0 and 127) not valid;
