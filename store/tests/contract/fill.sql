-- Fills each table of ours with 100,000 rows that look like many people's: ids, times and
-- texts of their own, one in fifty of what is rare. Checks, references and triggers go first, since
-- the rows mean nothing; the indexes stay. Tables that are small by nature are left empty.
create table tracking.positions_filled partition of tracking.positions
  for values from ('2026-01-01') to ('2026-01-02');
do $$
declare
  tbl record;
  rule record;
  names text;
  made text;
begin
  for tbl in
    select c.oid, c.oid::regclass::text as name, n.nspname as room
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition
      and n.nspname not like 'pg\_%'
      and n.nspname not in ('information_schema', 'public', 'graphile_worker', 'schema')
      and c.oid::regclass::text not in
        ('auth.signing_keys', 'auth.session_keys', 'journal.epoch', 'support.faqs', 'support.agents',
         'restaurant.holidays')
  loop
    for rule in select conname from pg_constraint where conrelid = tbl.oid and contype in ('c', 'f') loop
      execute format('alter table %s drop constraint %I', tbl.name, rule.conname);
    end loop;
    execute format('alter table %s disable trigger user', tbl.name);
    select string_agg(format('%I', a.attname), ', ' order by a.attnum),
           string_agg(case format_type(a.atttypid, null)
             when 'uuid' then 'md5(n::text)::uuid'
             when 'bytea' then 'decode(md5(n::text), ''hex'')'
             when 'text' then case a.attname
               when 'channel' then 'format(''%s:%s'', (array[''order'', ''delivery'', ''merchant'', ''courier''])[1 + n % 4], md5(n::text)::uuid)'
               when 'status' then case tbl.name
                 when 'orders.orders' then 'case when n % 50 = 0 then ''preparing'' else ''completed'' end'
                 when 'payment.payments' then 'case when n % 50 = 0 then ''unknown'' else ''done'' end'
                 when 'payment.refunds' then 'case when n % 50 = 0 then ''failed'' else ''succeeded'' end'
                 when 'support.conversations' then 'case when n % 50 = 0 then ''queued'' else ''resolved'' end'
                 when 'tracking.deliveries' then 'case when n % 50 = 0 then ''assigned'' else ''delivered'' end'
                 when 'tracking.offers' then 'case when n % 50 = 0 then ''pending'' else ''declined'' end'
                 else '''completed''' end
               else 'md5(n::text)' end
             when 'boolean' then 'n % 50 = 0'
             when 'smallint' then 'n % 30000'
             when 'timestamp with time zone' then
               case when tbl.name = 'tracking.positions' then 'timestamptz ''2026-01-01'' + n * interval ''1 ms'''
                    else 'now() - n * interval ''1 second''' end
             when 'date' then 'current_date - n % 30'
             when 'time without time zone' then 'time ''00:00'' + n * interval ''1 s'''
             when 'xid8' then 'n::text::xid8'
             when 'inet' then '''10.0.0.1'''
             when 'interval' then '''1 s'''
             when 'json' then '''{}'''
             when 'jsonb' then '''{}'''
             when 'text[]' then 'array[''customer'']'
             else case when format_type(a.atttypid, null) like '%[]' then '''{}''' else 'n' end
           end, ', ' order by a.attnum)
    into names, made
    from pg_attribute a
    where a.attrelid = tbl.oid and a.attnum > 0 and not a.attisdropped
      and a.attidentity = '' and a.attgenerated = '';
    execute format('insert into %s (%s) select %s from generate_series(1, 100000) n', tbl.name, names, made);
  end loop;
end $$;
