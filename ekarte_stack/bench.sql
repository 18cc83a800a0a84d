-- How the benches fill a ledger: two sample cards have a history that the engine has
-- made; every other card gets the same one, with ids, numbers and token of its own. What
-- held for the samples holds for all: the invariants are checked after the run.

-- prepare --
-- Which rows the samples have, numbered, and the functions that multiply them.
CREATE SCHEMA bench;

-- The cards to be: n from 1 within its kind; sample is the id of the card it copies. Their
-- own ids go through all kinds in turn: customers of all issuers come as they come.
CREATE TABLE bench.copy (
    sample integer NOT NULL, n integer NOT NULL, card integer NOT NULL, token bytea NOT NULL,
    last4 text NOT NULL, PRIMARY KEY (sample, n)
);

-- A card's purses are opened by its first purchases, one after the other: so are their ids.
CREATE TABLE bench.purse AS
SELECT
    p.id, p.card_id,
    row_number() OVER (PARTITION BY p.card_id ORDER BY p.id) AS place,
    max(p.held_by_card) OVER () AS width
FROM (
    SELECT id, card_id, count(*) OVER (PARTITION BY card_id) AS held_by_card
    FROM ekarte.purse
) AS p;
CREATE TABLE bench.lot AS
SELECT l.id, p.card_id, row_number() OVER (ORDER BY l.id) AS place
FROM ekarte.lot AS l INNER JOIN ekarte.purse AS p ON l.purse_id = p.id;
CREATE TABLE bench.operation AS
SELECT o.id, o.card_id, row_number() OVER (ORDER BY o.id) AS place FROM ekarte.operation AS o;

-- Ids are blocks of `width`: place 2 of copy 5 is 2 * width + 5, above all that exist.
CREATE FUNCTION bench.add(
    target regclass, source text, replaced jsonb
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    names text;
    expressions text;
    added bigint;
BEGIN
    SELECT
        string_agg(quote_ident(attname), ', ' ORDER BY attnum),
        string_agg(
            coalesce(replaced ->> attname, 't.' || quote_ident(attname)), ', ' ORDER BY attnum
        )
    INTO names, expressions
    FROM pg_attribute
    WHERE attrelid = target AND attnum > 0 AND NOT attisdropped;
    EXECUTE format(
        'INSERT INTO %s (%s) SELECT %s FROM %s AS t %s', target, names, expressions, target, source
    );
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END $$;

-- add_cards --
-- Cards with their card types, purses and lots.
SELECT
    bench.add(
        'ekarte.card', 'JOIN bench.copy AS c ON c.sample = t.id',
        jsonb_build_object(
            'id', 'c.card', 'account_id', 'c.card', 'token', 'c.token', 'last4', 'c.last4'
        )
    )
    + bench.add(
        'ekarte.membership', 'JOIN bench.copy AS c ON c.sample = t.card_id',
        jsonb_build_object('card_id', 'c.card')
    )
    + bench.add(
        'ekarte.purse',
        'JOIN bench.purse AS s ON s.id = t.id JOIN bench.copy AS c ON c.sample = t.card_id',
        jsonb_build_object(
            'id', format('%%1$s + (c.card - %%1$s) * s.width + s.place', %(base)s),
            'card_id', 'c.card'
        )
    )
    + bench.add(
        'ekarte.lot',
        'JOIN bench.lot AS s ON s.id = t.id JOIN bench.purse AS p ON p.id = t.purse_id '
        'JOIN bench.copy AS c ON c.sample = s.card_id',
        jsonb_build_object(
            'id', format('%%s + %%s * s.place + c.n', %(base)s, %(width)s),
            'purse_id', format('%%1$s + (c.card - %%1$s) * p.width + p.place', %(base)s)
        )
    );

-- operations --
SELECT id, place FROM bench.operation ORDER BY place;

-- add_operation --
-- One operation of a sample, for every copy: rows lie in the order of time, as in life.
SELECT
    bench.add(
        'ekarte.operation',
        format(
            'JOIN bench.copy AS c ON c.sample = t.card_id '
            'LEFT JOIN bench.operation AS r ON r.id = t.original_id WHERE t.id = %%s', %(id)s
        ),
        jsonb_build_object(
            'id', format('%%s + %%s + c.n', %(base)s, %(first)s),
            'number', format('%%s + %%s + c.n', %(base)s, %(first)s),
            'original_id', format('%%s + %%s * r.place + c.n', %(base)s, %(width)s),
            'card_id', 'c.card'
        )
    );

-- add_entries --
-- The entries and goods of the same operation.
SELECT
    bench.add(
        'ekarte.entry',
        format(
            'JOIN bench.operation AS o ON o.id = t.operation_id '
            'LEFT JOIN bench.purse AS p ON p.id = t.purse_id '
            'LEFT JOIN bench.lot AS l ON l.id = t.lot_id '
            'JOIN bench.copy AS c ON c.sample = o.card_id WHERE t.operation_id = %%s', %(id)s
        ),
        jsonb_build_object(
            'operation_id', format('%%s + %%s + c.n', %(base)s, %(first)s),
            'purse_id', format('%%1$s + (c.card - %%1$s) * p.width + p.place', %(base)s),
            'lot_id', format('%%s + %%s * l.place + c.n', %(base)s, %(width)s)
        )
    ),
    bench.add(
        'ekarte.sale_line',
        format(
            'JOIN bench.operation AS o ON o.id = t.operation_id '
            'JOIN bench.copy AS c ON c.sample = o.card_id WHERE t.operation_id = %%s', %(id)s
        ),
        jsonb_build_object('operation_id', format('%%s + %%s + c.n', %(base)s, %(first)s))
    );

-- finish --
-- Sequences above what was added; plans that know the tables.
SELECT
    setval('ekarte.card_id_seq', (SELECT max(id) FROM ekarte.card)),
    setval('ekarte.purse_id_seq', (SELECT max(id) FROM ekarte.purse)),
    setval('ekarte.lot_id_seq', (SELECT max(id) FROM ekarte.lot)),
    setval('ekarte.operation_id_seq', (SELECT max(id) FROM ekarte.operation));

-- count_uses --
-- What was used at other issuers, counted anew: the copies have used theirs, too.
DELETE FROM ekarte.exposure_use;
DELETE FROM ekarte.exposure;
INSERT INTO ekarte.exposure (issuer, used, folded_at)
SELECT u.issuer, sum(u.amount), now() FROM ekarte.used_elsewhere AS u GROUP BY u.issuer;

-- analyze --
VACUUM (ANALYZE);

-- counted --
SELECT
    (SELECT count(*) FROM ekarte.card), (SELECT count(*) FROM ekarte.operation),
    (SELECT count(*) FROM ekarte.entry), pg_database_size(current_database());

-- entries_of_samples --
-- How many entries the histories of the samples have so far, by card.
SELECT o.card_id, count(*) FROM ekarte.operation AS o
INNER JOIN ekarte.entry AS e ON o.id = e.operation_id
GROUP BY o.card_id ORDER BY o.card_id;

-- statements --
-- What each statement cost, without the time of the way.
SELECT
    left(regexp_replace(s.query, '\s+', ' ', 'g'), 72), s.calls, s.rows,
    s.total_exec_time, s.total_plan_time
FROM pg_stat_statements AS s
INNER JOIN pg_database AS d ON s.dbid = d.oid
WHERE d.datname = current_database()
ORDER BY s.total_exec_time DESC
LIMIT 20;

-- session --
-- Checking millions of entries sorts them: let that happen in memory.
SET work_mem = '256MB';

-- settled --
-- How large a settlement is: operations, their entries, and what Odoo made of them.
SELECT
    count(DISTINCT s.operation_id),
    count(*),
    (
        SELECT count(*) FROM public.ekarte_settlement_line AS l
        INNER JOIN public.ekarte_settlement AS d ON l.settlement_id = d.id
        WHERE d.ledger_id = %(id)s
    ),
    (
        SELECT count(*) FROM public.account_move AS m
        INNER JOIN public.ekarte_settlement AS d ON m.ekarte_settlement_id = d.id
        WHERE d.ledger_id = %(id)s
    ),
    (
        SELECT count(*) FROM public.ekarte_clearing_line AS c
        INNER JOIN public.ekarte_settlement AS d ON c.settlement_id = d.id
        WHERE d.ledger_id = %(id)s
    )
FROM ekarte.settlement_operation AS s
INNER JOIN ekarte.entry AS e ON s.operation_id = e.operation_id
WHERE s.settlement_id = %(id)s;

-- forget --
-- What multiplied is in nobody's way afterwards.
DROP SCHEMA bench CASCADE;

-- give_holders --
-- A customer of the issuer for every second of its club cards, with a name and a phone of
-- which each stands at some: 24 x 24 x 24 names.
WITH held AS (
    SELECT
        c.id,
        (row_number() OVER (ORDER BY c.id))::integer AS n
    FROM ekarte.card AS c
    INNER JOIN ekarte.membership AS m ON c.id = m.card_id
    WHERE m.issuer = %(issuer)s AND m.card_type = 'GRO-CLUB' AND c.id %% 2 = 0
),

named AS (
    SELECT
        h.id, h.n, '+3712' || lpad((h.n * 7 %% 10000000)::text, 7, '0') AS phone,
        (
            ARRAY[
                'Anna', 'Jānis', 'Ilze', 'Pēteris', 'Marta', 'Andris', 'Elīna', 'Juris',
                'Zane', 'Mārtiņš', 'Liene', 'Kārlis', 'Dace', 'Artūrs', 'Kristīne', 'Edgars',
                'Sanita', 'Raivis', 'Inese', 'Guntis', 'Svetlana', 'Sergejs', 'Olga', 'Viktors'
            ]
        )[1 + h.n %% 24] || ' ' || (
            ARRAY[
                'Marija', 'Roberts', 'Laura', 'Valdis', 'Sofija', 'Uldis', 'Paula', 'Imants',
                'Elza', 'Ojārs', 'Alise', 'Egils', 'Katrīna', 'Aivars', 'Emīlija', 'Normunds',
                'Amanda', 'Gatis', 'Beāte', 'Kaspars', 'Irina', 'Igors', 'Jeļena', 'Oļegs'
            ]
        )[1 + h.n / 24 %% 24] || ' ' || (
            ARRAY[
                'Bērziņa', 'Kalniņa', 'Ozola', 'Jansone', 'Liepiņa', 'Krūmiņa', 'Eglīte',
                'Balode', 'Zariņa', 'Pētersone', 'Vītola', 'Kļaviņa', 'Kārkliņa', 'Vanaga',
                'Ziediņa', 'Cīrule', 'Priede', 'Apine', 'Rozīte', 'Krastiņa', 'Siliņa',
                'Ivanova', 'Petrova', 'Zvirbule'
            ]
        )[1 + h.n / 576 %% 24] AS name
    FROM held AS h
),

numbered AS (
    SELECT nextval('public.res_partner_id_seq') AS partner, n.* FROM named AS n
),

partners AS (
    INSERT INTO public.res_partner
    (
        id, name, complete_name, active, type, lang, company_id, phone, phone_sanitized,
        autopost_bills, create_uid, write_uid, create_date, write_date
    )
    SELECT
        n.partner, n.name, n.name, true, 'contact', 'lv_LV', i.company_id, n.phone, n.phone,
        'ask', 1, 1, now(), now()
    FROM numbered AS n
    CROSS JOIN public.ekarte_issuer AS i
    WHERE i.code = %(issuer)s
    RETURNING id
),

holders AS (
    INSERT INTO public.ekarte_holder
    (
        card_id, issuer_id, company_id, partner_id, active, since,
        create_uid, write_uid, create_date, write_date
    )
    SELECT n.id, i.id, i.company_id, n.partner, true, now(), 1, 1, now(), now()
    FROM numbered AS n
    CROSS JOIN public.ekarte_issuer AS i
    WHERE i.code = %(issuer)s
    RETURNING id
)

SELECT (SELECT count(*) FROM partners), (SELECT count(*) FROM holders);

-- count_holders --
SELECT count(*) FROM public.ekarte_holder;

-- desk_cards --
-- Some cards with a holder, from all over the town.
SELECT c.id, c.last4, p.name, p.phone
FROM public.ekarte_holder AS h
INNER JOIN ekarte.card AS c ON h.card_id = c.id
INNER JOIN public.res_partner AS p ON h.partner_id = p.id
INNER JOIN public.ekarte_issuer AS i ON h.issuer_id = i.id
WHERE i.code = %(issuer)s
ORDER BY (h.id::bigint * 7919 + %(seed)s) %% 10007, h.id
LIMIT 200;

-- busiest_card --
SELECT card_id FROM ekarte.operation WHERE card_id IS NOT NULL
GROUP BY card_id ORDER BY count(*) DESC LIMIT 1;
