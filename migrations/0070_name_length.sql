-- Names are counted as a reader counts them: one grapheme cluster may be several code
-- points (a family emoji has seven). The server decides; here only the bytes end.
alter table users.profiles drop constraint profiles_name_length;
alter table users.profiles
    add constraint profiles_name_length check (octet_length(name) between 1 and 200);
