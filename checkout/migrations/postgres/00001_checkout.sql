-- Amounts are in hundredths of the currency, times in Unix milliseconds. NULL in
-- next_query_at means that the gateway is not queried again; attention is 1 while a
-- person has to decide about a payment. "{prefix}" is replaced by the table prefix. What is
-- compared by its order has the collation "C", whatever the database's own is.

-- +goose Up
CREATE TABLE {prefix}orders (
	order_no        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	amount          BIGINT       NOT NULL,
	currency        TEXT         NOT NULL,
	status          TEXT         NOT NULL,
	created_at      BIGINT       NOT NULL,
	expires_at      BIGINT       NOT NULL,
	paid_at         BIGINT       NULL,
	payments        BIGINT       NOT NULL
) WITH (fillfactor = 70);

-- What Orders lists.
CREATE INDEX {prefix}orders_by_time ON {prefix}orders (created_at, order_no);
CREATE INDEX {prefix}orders_by_status ON {prefix}orders (status, created_at, order_no);

-- An attempt is one order at one gateway. Its number is the gateway's merchant order number.
CREATE TABLE {prefix}attempts (
	attempt_no      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	order_no        TEXT COLLATE "C" NOT NULL,
	seq             BIGINT       NOT NULL,
	gateway         TEXT         NOT NULL,
	account         TEXT         NOT NULL,
	channel         TEXT         NOT NULL,
	status          TEXT         NOT NULL,
	payable         BIGINT       NOT NULL,
	order_id        TEXT         NULL,
	pay_page_url    TEXT         NOT NULL,
	qr_text         TEXT         NOT NULL,
	qr_image_url    TEXT         NOT NULL,
	address         TEXT         NOT NULL,
	chain           TEXT         NOT NULL,
	app_data        TEXT         NOT NULL,
	pay_amount      BIGINT       NOT NULL,
	pay_currency    TEXT         NOT NULL,
	created_at      BIGINT       NOT NULL,
	expires_at      BIGINT       NOT NULL,
	closes_at       BIGINT       NOT NULL,
	unconfirmed_at  BIGINT       NULL,
	queries         BIGINT       NOT NULL,
	queried_at      BIGINT       NOT NULL,
	next_query_at   BIGINT       NULL,
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
	id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	gateway         TEXT         NOT NULL,
	account         TEXT         NOT NULL,
	payment_no      TEXT         NOT NULL,
	order_ref       TEXT         NOT NULL,
	reused          TEXT         NOT NULL,
	attempt_no      TEXT COLLATE "C" NULL,
	order_no        TEXT COLLATE "C" NULL,
	amount          BIGINT       NOT NULL,
	currency        TEXT         NOT NULL,
	received        BIGINT       NOT NULL,
	paid_at         BIGINT       NULL,
	received_at     BIGINT       NOT NULL,
	source          TEXT         NOT NULL,
	outcome         TEXT         NOT NULL,
	credited_order  TEXT         NULL UNIQUE,
	attention       BIGINT       NULL,
	resolved_at     BIGINT       NULL,
	resolved_by     TEXT         NULL,
	resolved_reason TEXT         NULL,
	resolved_action TEXT         NULL,
	UNIQUE (gateway, account, payment_no, reused)
);

CREATE INDEX {prefix}payments_by_order ON {prefix}payments (order_no);

-- What Attention lists.
CREATE INDEX {prefix}payments_open ON {prefix}payments (attention, id) WHERE attention IS NOT NULL;

CREATE TABLE {prefix}notifications (
	id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	received_at     BIGINT       NOT NULL,
	gateway         TEXT         NOT NULL,
	order_no        TEXT COLLATE "C" NOT NULL,
	http_status     BIGINT       NOT NULL,
	outcome         TEXT         NOT NULL,
	reason          TEXT         NOT NULL,
	duration_us     BIGINT       NOT NULL
);

CREATE INDEX {prefix}notifications_by_order ON {prefix}notifications (order_no, id);

-- +goose Down
DROP TABLE {prefix}notifications;
DROP TABLE {prefix}payments;
DROP TABLE {prefix}attempts;
DROP TABLE {prefix}orders;
