package checkout

// The SQL statements, for all databases: see dialect.sqlText.

const (
	attemptColumns = `attempt_no, order_no, gateway, account, channel, status, order_id,
	pay_page_url, qr_text, qr_image_url, address, chain, app_data, pay_amount, pay_currency, created_at, expires_at, payable`

	dueColumns = `attempt_no, order_no, gateway, account, order_id, status, closes_at, unconfirmed_at, queries, payable`

	paymentColumns = `id, gateway, account, payment_no, order_ref, attempt_no, order_no, amount, currency, received,
	paid_at, received_at, source, outcome, credited_order, attention, resolved_at, resolved_by, resolved_reason, resolved_action`

	lockColumns = `SELECT o.order_no, o.currency, o.amount, o.status, o.expires_at, o.payments, a.attempt_no, a.order_id, a.payable, a.status
	FROM {attempts} a JOIN {orders} o ON o.order_no = a.order_no `

	qInsertOrder   = `INSERT INTO {orders} (order_no, amount, currency, status, created_at, expires_at, payments) VALUES (?, ?, ?, ?, ?, ?, 0)`
	qInsertAttempt = `INSERT INTO {attempts} (attempt_no, order_no, seq, gateway, account, channel, status, payable,
		pay_page_url, qr_text, qr_image_url, address, chain, app_data, pay_amount, pay_currency,
		created_at, expires_at, closes_at, queries, queried_at, next_query_at, lease)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0, '', '', '', '', '', '', ?, ?, ?, ?, ?, 0, 0, ?, '')`
	qLockOrder       = `SELECT ` + orderColumns + ` FROM {orders} WHERE order_no = ? {lock}`
	qAttemptsOfOrder = `SELECT ` + attemptColumns + ` FROM {attempts} WHERE order_no = ? ORDER BY seq`
	qAttempt         = `SELECT ` + attemptColumns + ` FROM {attempts} WHERE attempt_no = ?`
	qStartAttempt    = `UPDATE {attempts} SET status = 'creating', next_query_at = ?, lease = ? WHERE attempt_no = ? AND status = 'stored'
		AND EXISTS (SELECT 1 FROM {orders} o WHERE o.order_no = {attempts}.order_no AND o.status = 'pending' AND o.expires_at > ?)`
	qStarted = `SELECT COUNT(*) FROM {attempts} WHERE attempt_no = ? AND status = 'creating' AND lease = ?`
	// A notification may have been faster than the response to the create: then only what
	// the payer sees is stored.
	qStoreCreated = `UPDATE {attempts} SET order_id = COALESCE(?, order_id), payable = ?, pay_page_url = ?, qr_text = ?, qr_image_url = ?,
		address = ?, chain = ?, app_data = ?, pay_amount = ?, pay_currency = ?, expires_at = ?,
		next_query_at = CASE WHEN status IN ('creating', 'unknown') THEN ? ELSE next_query_at END,
		status = CASE WHEN status IN ('creating', 'unknown') THEN 'waiting' ELSE status END,
		lease = CASE WHEN lease = ? THEN '' ELSE lease END
		WHERE attempt_no = ?`
	// A query may have been faster, and left the outcome unknown.
	qEndCreate = `UPDATE {attempts} SET status = ?, next_query_at = COALESCE(?, closes_at), lease = CASE WHEN lease = ? THEN '' ELSE lease END
		WHERE attempt_no = ? AND status IN ('creating', 'unknown')`

	qLockByNo = lockColumns + `WHERE a.attempt_no = ? AND a.gateway = ? AND a.account = ? {lockorder}`
	qLockByID = lockColumns + `WHERE a.order_id = ? AND a.gateway = ? AND a.account = ? ORDER BY a.created_at LIMIT 1 {lockorder}`

	// For a gateway that knows the merchant's order number only: the newest attempt whose
	// gateway order number is not known.
	qLockByOrder = lockColumns + `WHERE a.order_no = ? AND a.gateway = ? AND a.account = ? AND a.order_id IS NULL
		ORDER BY a.seq DESC LIMIT 1 {lockorder}`

	qPaymentsByNo  = `SELECT ` + paymentColumns + ` FROM {payments} WHERE gateway = ? AND account = ? AND payment_no = ? ORDER BY id`
	qInsertPayment = `INSERT INTO {payments} (id, gateway, account, payment_no, order_ref, reused, attempt_no, order_no, amount, currency,
		received, paid_at, received_at, source, outcome, credited_order, attention) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	qUpdatePayment = `UPDATE {payments} SET order_ref = ?, attempt_no = ?, order_no = ?, amount = ?, currency = ?, received = ?, paid_at = ?,
		outcome = ?, credited_order = ?, attention = ? WHERE id = ? AND attention = 1`
	qPayOrder   = `UPDATE {orders} SET status = 'paid', paid_at = ?, payments = payments + 1 WHERE order_no = ? AND status <> 'paid'`
	qPayAttempt = `UPDATE {attempts} SET status = 'paid', next_query_at = NULL, unconfirmed_at = NULL, lease = ''
		WHERE attempt_no = ? AND EXISTS (SELECT 1 FROM {payments} p WHERE p.id = ? AND p.credited_order IS NOT NULL)`
	qPaidBy       = `SELECT COUNT(*) FROM {payments} WHERE credited_order = ?`
	qPays         = `SELECT COUNT(*) FROM {payments} WHERE id = ? AND credited_order IS NOT NULL`
	qCountPayment = `UPDATE {orders} SET payments = payments + 1 WHERE order_no = ?`

	qDue = `SELECT ` + dueColumns + ` FROM {attempts} WHERE gateway = ? AND account = ? AND next_query_at <= ?
		ORDER BY next_query_at LIMIT ? {skip}`
	qRelease = `UPDATE {attempts} SET next_query_at = ?, queries = queries + 1, queried_at = ?, lease = '' WHERE attempt_no = ? AND lease = ?`
	qRefresh = `SELECT ` + dueColumns + ` FROM {attempts} WHERE order_no = ? AND next_query_at IS NOT NULL AND queried_at <= ?
		AND (lease = '' OR next_query_at <= ?) AND status NOT IN ('stored', 'creating', 'rejected') ORDER BY seq {skip}`
	qPendingOf = `SELECT DISTINCT gateway, account FROM {attempts} WHERE next_query_at IS NOT NULL`
	// NULL leaves what is stored: the response to the create may be stored at the same time.
	qUpdateFound = `UPDATE {attempts} SET status = 'waiting', order_id = COALESCE(?, order_id), qr_text = COALESCE(?, qr_text),
		qr_image_url = COALESCE(?, qr_image_url), pay_page_url = COALESCE(?, pay_page_url), address = COALESCE(?, address),
		chain = COALESCE(?, chain), pay_amount = COALESCE(?, pay_amount), pay_currency = COALESCE(?, pay_currency), unconfirmed_at = NULL WHERE attempt_no = ? AND status IN ('creating', 'unknown', 'waiting', 'unconfirmed')`
	qExpireAttempt = `UPDATE {attempts} SET status = 'expired' WHERE attempt_no = ?
		AND status IN ('stored', 'creating', 'unknown', 'waiting', 'unconfirmed')`
	qExpireOrder = `UPDATE {orders} SET status = 'expired' WHERE order_no = ? AND status = 'pending' AND expires_at <= ?
		AND NOT EXISTS (SELECT 1 FROM {attempts} a WHERE a.order_no = {orders}.order_no
		AND a.status IN ('stored', 'creating', 'unknown', 'waiting', 'unconfirmed'))`
	qStoreUnconfirmed = `UPDATE {attempts} SET status = 'unconfirmed', unconfirmed_at = COALESCE(unconfirmed_at, ?)
		WHERE attempt_no = ? AND status IN ('creating', 'unknown', 'waiting', 'unconfirmed', 'expired')`
	qConfirmPayment = `UPDATE {payments} SET payment_no = ?, amount = ?, currency = ?, received = ?, paid_at = ? WHERE id = ?`
	qCloseAttention = `UPDATE {payments} SET attention = NULL WHERE id = ? AND attention = 1`

	orderColumns     = `order_no, amount, currency, status, created_at, expires_at, paid_at`
	qOrder           = `SELECT ` + orderColumns + ` FROM {orders} WHERE order_no = ?`
	qPaymentsOfOrder = `SELECT ` + paymentColumns + ` FROM {payments} WHERE order_no = ? ORDER BY id`

	qAttention   = `SELECT ` + paymentColumns + ` FROM {payments} WHERE attention = 1 AND id > ? ORDER BY id LIMIT ?`
	qAttentionOf = `SELECT ` + paymentColumns + ` FROM {payments} WHERE attention = 1 AND id > ? AND outcome = ? ORDER BY id LIMIT ?`
	qPayment     = `SELECT ` + paymentColumns + ` FROM {payments} WHERE id = ? {lock}`
	qResolve     = `UPDATE {payments} SET attention = NULL, order_no = ?, credited_order = ?, resolved_at = ?, resolved_by = ?, resolved_reason = ?,
		resolved_action = ? WHERE id = ? AND attention = 1`

	journalColumns = `id, received_at, gateway, order_no, http_status, outcome, reason, duration_us`
	qJournal       = `SELECT ` + journalColumns + ` FROM {notifications} WHERE `
	qJournalPage   = `id < ? ORDER BY id DESC LIMIT ?`
	qDeleteJournal = `DELETE FROM {notifications} WHERE id < ?`
)

// sql returns a statement in the words of the database.
func (s *Service) sql(query string) string {
	if text, ok := s.statements.Load(query); ok {
		return text.(string) //nolint:forcetypeassert // nothing else is stored
	}
	text := s.dialect.sqlText(s.config.TablePrefix, query)
	s.statements.Store(query, text)
	return text
}
