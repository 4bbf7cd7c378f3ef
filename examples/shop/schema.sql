-- One statement after another, each ended by a semicolon at the end of a line,
-- in SQL that SQLite and PostgreSQL both know. Amounts are in cents, times in
-- milliseconds since 1970, 0 for none. A change of the schema is a new file, in
-- the list of migrations in store.go.

CREATE TABLE orders (
	order_no      TEXT PRIMARY KEY,
	gateway       TEXT NOT NULL,
	account       TEXT NOT NULL,
	channel       TEXT NOT NULL,
	price         BIGINT NOT NULL,
	currency      TEXT NOT NULL,
	expected      BIGINT NOT NULL,
	status        TEXT NOT NULL,
	note          TEXT NOT NULL DEFAULT '',
	order_id      TEXT NOT NULL DEFAULT '',
	qr_text       TEXT NOT NULL DEFAULT '',
	qr_image_url  TEXT NOT NULL DEFAULT '',
	pay_page_url  TEXT NOT NULL DEFAULT '',
	pay_text      TEXT NOT NULL DEFAULT '',
	app_data      TEXT NOT NULL DEFAULT '',
	created_at    BIGINT NOT NULL,
	expires_at    BIGINT NOT NULL,
	paid_at       BIGINT NOT NULL DEFAULT 0,
	next_query_at BIGINT NOT NULL,
	queries       BIGINT NOT NULL DEFAULT 0,
	lease_owner   TEXT NOT NULL DEFAULT '',
	lease_until   BIGINT NOT NULL DEFAULT 0,
	version       BIGINT NOT NULL DEFAULT 1
);

-- What the worker looks for.
CREATE INDEX orders_due ON orders (next_query_at);

-- What a callback without the merchant's number looks for.
CREATE INDEX orders_by_id ON orders (gateway, account, order_id);

-- Every payment that a gateway told of, each once. An order can have several,
-- and one may name an order that the shop does not have.
CREATE TABLE payments (
	gateway     TEXT NOT NULL,
	account     TEXT NOT NULL,
	payment_no  TEXT NOT NULL,
	order_no    TEXT NOT NULL,
	amount      BIGINT NOT NULL,
	currency    TEXT NOT NULL,
	received    BIGINT NOT NULL,
	paid_at     BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	source      TEXT NOT NULL,
	outcome     TEXT NOT NULL,
	PRIMARY KEY (gateway, account, payment_no)
);

CREATE INDEX payments_by_order ON payments (order_no);

-- The ledger: one row is one delivery. Both keys refuse a second one, whatever
-- the program does.
CREATE TABLE credits (
	order_no    TEXT PRIMARY KEY REFERENCES orders (order_no),
	gateway     TEXT NOT NULL,
	account     TEXT NOT NULL,
	payment_no  TEXT NOT NULL,
	amount      BIGINT NOT NULL,
	currency    TEXT NOT NULL,
	credited_at BIGINT NOT NULL,
	UNIQUE (gateway, account, payment_no)
);
