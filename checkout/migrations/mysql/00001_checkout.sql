-- Amounts are in hundredths of the currency, times in Unix milliseconds. NULL in
-- next_query_at means that the gateway is not queried again; attention is 1 while a
-- person has to decide about a payment. "{prefix}" is replaced by the table prefix. MySQL
-- commits every CREATE TABLE at once, so that each statement must be able to run again after
-- a process that ended in between: IF NOT EXISTS, and the indexes inside.

-- +goose Up
CREATE TABLE IF NOT EXISTS {prefix}orders (
	order_no        VARCHAR(64)  NOT NULL PRIMARY KEY,
	amount          BIGINT       NOT NULL,
	currency        VARCHAR(8)   NOT NULL,
	status          VARCHAR(16)  NOT NULL,
	created_at      BIGINT       NOT NULL,
	expires_at      BIGINT       NOT NULL,
	paid_at         BIGINT       NULL,
	payments        BIGINT       NOT NULL,
	-- What Orders lists.
	INDEX {prefix}orders_by_time (created_at, order_no),
	INDEX {prefix}orders_by_status (status, created_at, order_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- An attempt is one order at one gateway. Its number is the gateway's merchant order number.
CREATE TABLE IF NOT EXISTS {prefix}attempts (
	attempt_no      VARCHAR(64)  NOT NULL PRIMARY KEY,
	order_no        VARCHAR(64)  NOT NULL,
	seq             BIGINT       NOT NULL,
	gateway         VARCHAR(32)  NOT NULL,
	account         VARCHAR(128) NOT NULL,
	channel         VARCHAR(32)  NOT NULL,
	status          VARCHAR(16)  NOT NULL,
	payable         BIGINT       NOT NULL,
	order_id        VARCHAR(128) NULL,
	pay_page_url    TEXT         NOT NULL,
	qr_text         TEXT         NOT NULL,
	qr_image_url    TEXT         NOT NULL,
	address         TEXT         NOT NULL,
	chain           VARCHAR(32)  NOT NULL,
	app_data        TEXT         NOT NULL,
	pay_amount      BIGINT       NOT NULL,
	pay_currency    VARCHAR(32)  NOT NULL,
	created_at      BIGINT       NOT NULL,
	expires_at      BIGINT       NOT NULL,
	closes_at       BIGINT       NOT NULL,
	unconfirmed_at  BIGINT       NULL,
	queries         BIGINT       NOT NULL,
	queried_at      BIGINT       NOT NULL,
	next_query_at   BIGINT       NULL,
	lease           VARCHAR(36)  NOT NULL,
	FOREIGN KEY (order_no) REFERENCES {prefix}orders (order_no),
	INDEX {prefix}attempts_by_order (order_no),
	-- What Run looks for.
	INDEX {prefix}attempts_due (gateway, account, next_query_at),
	-- What a notification with the gateway's order number looks for.
	INDEX {prefix}attempts_by_id (gateway, account, order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Every payment that a gateway reported. reused is empty for the first order that used the
-- payment number, and order_ref for others. credited_order is the order that the payment
-- credits. The two unique keys let no payment number credit two orders, and credit no order
-- twice, whatever the program does.
CREATE TABLE IF NOT EXISTS {prefix}payments (
	id              VARCHAR(36)  NOT NULL PRIMARY KEY,
	gateway         VARCHAR(32)  NOT NULL,
	account         VARCHAR(128) NOT NULL,
	payment_no      VARCHAR(128) NOT NULL,
	order_ref       VARCHAR(128) NOT NULL,
	reused          VARCHAR(128) NOT NULL,
	attempt_no      VARCHAR(64)  NULL,
	order_no        VARCHAR(64)  NULL,
	amount          BIGINT       NOT NULL,
	currency        VARCHAR(8)   NOT NULL,
	received        BIGINT       NOT NULL,
	paid_at         BIGINT       NULL,
	received_at     BIGINT       NOT NULL,
	source          VARCHAR(16)  NOT NULL,
	outcome         VARCHAR(16)  NOT NULL,
	credited_order  VARCHAR(64)  NULL UNIQUE,
	attention       BIGINT       NULL,
	resolved_at     BIGINT       NULL,
	resolved_by     VARCHAR(128) NULL,
	resolved_reason TEXT         NULL,
	resolved_action VARCHAR(16)  NULL,
	UNIQUE (gateway, account, payment_no, reused),
	INDEX {prefix}payments_by_order (order_no),
	-- What Attention lists.
	INDEX {prefix}payments_open (attention, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS {prefix}notifications (
	id              VARCHAR(36)  NOT NULL PRIMARY KEY,
	received_at     BIGINT       NOT NULL,
	gateway         VARCHAR(32)  NOT NULL,
	order_no        VARCHAR(128) NOT NULL,
	http_status     BIGINT       NOT NULL,
	outcome         VARCHAR(16)  NOT NULL,
	reason          VARCHAR(128) NOT NULL,
	duration_us     BIGINT       NOT NULL,
	INDEX {prefix}notifications_by_order (order_no, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE {prefix}notifications;
DROP TABLE {prefix}payments;
DROP TABLE {prefix}attempts;
DROP TABLE {prefix}orders;
