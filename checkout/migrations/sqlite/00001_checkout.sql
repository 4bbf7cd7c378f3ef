-- Amounts are in hundredths of the currency, times in Unix milliseconds. NULL in
-- next_query_at means that the gateway is not queried again; attention is 1 while a
-- person has to decide about a payment. "{prefix}" is replaced by the table prefix.

-- +goose Up
CREATE TABLE {prefix}orders (
	order_no        TEXT         NOT NULL PRIMARY KEY,
	amount          INTEGER      NOT NULL,
	currency        TEXT         NOT NULL,
	status          TEXT         NOT NULL,
	created_at      INTEGER      NOT NULL,
	expires_at      INTEGER      NOT NULL,
	paid_at         INTEGER      NULL,
	payments        INTEGER      NOT NULL
);

-- What Orders lists.
CREATE INDEX {prefix}orders_by_time ON {prefix}orders (created_at, order_no);
CREATE INDEX {prefix}orders_by_status ON {prefix}orders (status, created_at, order_no);

-- An attempt is one order at one gateway. Its number is the gateway's merchant order number.
CREATE TABLE {prefix}attempts (
	attempt_no      TEXT         NOT NULL PRIMARY KEY,
	order_no        TEXT         NOT NULL,
	seq             INTEGER      NOT NULL,
	gateway         TEXT         NOT NULL,
	account         TEXT         NOT NULL,
	channel         TEXT         NOT NULL,
	status          TEXT         NOT NULL,
	payable         INTEGER      NOT NULL,
	order_id        TEXT         NULL,
	pay_page_url    TEXT         NOT NULL,
	qr_text         TEXT         NOT NULL,
	qr_image_url    TEXT         NOT NULL,
	address         TEXT         NOT NULL,
	chain           TEXT         NOT NULL,
	app_data        TEXT         NOT NULL,
	pay_amount      INTEGER      NOT NULL,
	pay_currency    TEXT         NOT NULL,
	created_at      INTEGER      NOT NULL,
	expires_at      INTEGER      NOT NULL,
	closes_at       INTEGER      NOT NULL,
	unconfirmed_at  INTEGER      NULL,
	queries         INTEGER      NOT NULL,
	queried_at      INTEGER      NOT NULL,
	next_query_at   INTEGER      NULL,
	lease           TEXT         NOT NULL,
	FOREIGN KEY (order_no) REFERENCES {prefix}orders (order_no)
);

CREATE INDEX {prefix}attempts_by_order ON {prefix}attempts (order_no);

-- What Run looks for.
CREATE INDEX {prefix}attempts_due ON {prefix}attempts (gateway, account, next_query_at) WHERE next_query_at IS NOT NULL;

-- What a notification with the gateway's order number looks for.
CREATE INDEX {prefix}attempts_by_id ON {prefix}attempts (gateway, account, order_id) WHERE order_id IS NOT NULL;

-- Every payment that a gateway reported. reused is empty for the first order that used the
-- payment number, and order_ref for others. credited_order is the order that the payment
-- credits. The two unique keys let no payment number credit two orders, and credit no order
-- twice, whatever the program does.
CREATE TABLE {prefix}payments (
	id              TEXT         NOT NULL PRIMARY KEY,
	gateway         TEXT         NOT NULL,
	account         TEXT         NOT NULL,
	payment_no      TEXT         NOT NULL,
	order_ref       TEXT         NOT NULL,
	reused          TEXT         NOT NULL,
	attempt_no      TEXT         NULL,
	order_no        TEXT         NULL,
	amount          INTEGER      NOT NULL,
	currency        TEXT         NOT NULL,
	received        INTEGER      NOT NULL,
	paid_at         INTEGER      NULL,
	received_at     INTEGER      NOT NULL,
	source          TEXT         NOT NULL,
	outcome         TEXT         NOT NULL,
	credited_order  TEXT         NULL UNIQUE,
	attention       INTEGER      NULL,
	resolved_at     INTEGER      NULL,
	resolved_by     TEXT         NULL,
	resolved_reason TEXT         NULL,
	resolved_action TEXT         NULL,
	UNIQUE (gateway, account, payment_no, reused)
);

CREATE INDEX {prefix}payments_by_order ON {prefix}payments (order_no);

-- What Attention lists.
CREATE INDEX {prefix}payments_open ON {prefix}payments (attention, id) WHERE attention IS NOT NULL;

CREATE TABLE {prefix}notifications (
	id              TEXT         NOT NULL PRIMARY KEY,
	received_at     INTEGER      NOT NULL,
	gateway         TEXT         NOT NULL,
	order_no        TEXT         NOT NULL,
	http_status     INTEGER      NOT NULL,
	outcome         TEXT         NOT NULL,
	reason          TEXT         NOT NULL,
	duration_us     INTEGER      NOT NULL
);

CREATE INDEX {prefix}notifications_by_order ON {prefix}notifications (order_no, id);

-- +goose Down
DROP TABLE {prefix}notifications;
DROP TABLE {prefix}payments;
DROP TABLE {prefix}attempts;
DROP TABLE {prefix}orders;
